import { expect, test } from '@jest/globals'
import { recordOf } from '../../../kafka/decoded-record.ts'
import { METADATA_PARTS, withMetadata } from '../../../shipper/project/metadata.ts'
import { type Projector } from '../../../shipper/project/project.ts'

const value = Buffer.from('{}')
const headers = {
  'trace-id': Buffer.from('abc'),
  many: [Buffer.from('1'), '2'],
  none: undefined,
  empty: null,
}
const plain: Projector = (line) => ({
  labels: '{}',
  entry: { seconds: 1, nanos: 0, line, metadata: [['source', 'crm']] },
  parsed: true,
})

test('what was asked for stands beside the line, behind what stood there already', () => {
  const record = recordOf({ key: Buffer.from('crm'), value, headers, offset: 7 })
  expect(withMetadata(plain, METADATA_PARTS)(record, 2).entry.metadata).toEqual([
    ['source', 'crm'],
    ['kafka_key', 'crm'],
    ['kafka_header_trace_id', 'abc'],
    ['kafka_header_many', '1'],
    ['kafka_header_many', '2'],
    ['kafka_partition', '2'],
    ['kafka_offset', '7'],
  ])
})

test('bytes that are no UTF-8 are readable for Loki', () => {
  const binary = Buffer.from([0x61, 0xff])
  const record = recordOf({ key: binary, value, headers: { id: [binary, 'x\ufffd'] } })
  expect(withMetadata(plain, ['key', 'headers'])(record, 0).entry.metadata?.slice(1)).toEqual([
    ['kafka_key', 'a?'],
    ['kafka_header_id', 'a?'],
    ['kafka_header_id', 'x?'],
  ])
})

test('a record without a key has none beside it', () => {
  const bare: Projector = (line) => ({
    labels: '{}',
    entry: { seconds: 1, nanos: 0, line },
    parsed: true,
  })
  const record = recordOf({ value, headers })
  const { entry } = withMetadata(bare, ['key'])(record, 2)
  expect(entry).toEqual({ seconds: 1, nanos: 0, line: record })
})
