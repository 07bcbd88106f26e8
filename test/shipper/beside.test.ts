import { expect, test } from '@jest/globals'
import { BESIDE, withBeside } from '../../shipper/beside.ts'
import { type KafkaRecord, type Projector } from '../../shipper/project.ts'

const record: KafkaRecord = {
  key: Buffer.from('crm'),
  value: Buffer.from('{}'),
  headers: { 'trace-id': Buffer.from('abc'), many: [Buffer.from('1'), '2'], none: undefined },
  partition: 2,
  offset: 7,
  timestampMs: 0,
}
const plain: Projector = ({ value }) => ({
  labels: '{}',
  entry: { seconds: 1, nanos: 0, line: value, metadata: [['source', 'crm']] },
  parsed: true,
})

test('what was asked for stands beside the line, behind what stood there already', () => {
  expect(withBeside(plain, BESIDE)(record).entry.metadata).toEqual([
    ['source', 'crm'],
    ['kafka_key', 'crm'],
    ['kafka_header_trace_id', 'abc'],
    ['kafka_header_many', '1'],
    ['kafka_header_many', '2'],
    ['kafka_partition', '2'],
    ['kafka_offset', '7'],
  ])
})

test('a record without a key has none beside it', () => {
  const bare: Projector = ({ value }) => ({
    labels: '{}',
    entry: { seconds: 1, nanos: 0, line: value },
    parsed: true,
  })
  const { entry } = withBeside(bare, ['key'])({ ...record, key: null })
  expect(entry).toEqual({ seconds: 1, nanos: 0, line: record.value })
})
