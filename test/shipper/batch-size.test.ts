import { test } from '@jest/globals'
import fc from 'fast-check'
import { encodePush } from '../../loki/encode.ts'
import { batches } from '../../shipper/batch.ts'
import { type KafkaRecord, type Projected } from '../../shipper/project.ts'

const record = (value: string, offset: number): KafkaRecord => ({
  value: Buffer.from(value),
  partition: 0,
  offset: BigInt(offset),
  timestampMs: 0,
})
/** A record's value names its stream, up to the colon. */
const project = ({ value }: KafkaRecord): Projected => ({
  labels: value.toString().split(':')[0] ?? '',
  entry: { seconds: 1_795_000_000, nanos: 999_999_999, line: value },
  parsed: true,
})

test('a batch of several records never encodes to more than the limit', () => {
  const name = fc.constantFrom('L'.repeat(50), 'a', '漢'.repeat(30), 'm'.repeat(200))
  const value = fc.tuple(name, fc.string({ maxLength: 80 })).map(([stream, text]) => `${stream}:${text}`)
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 60 }),
      fc.integer({ min: 64, max: 2_000 }),
      (values, maxBytes) => {
        const records = values.map(record)
        for (const { streams, records: held } of batches(records, project, maxBytes))
          if (held.length > 1 && encodePush(streams).byteLength > maxBytes) return false
        return true
      },
    ),
  )
})
