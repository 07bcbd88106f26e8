import { createRequire } from 'node:module'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { unchecked } from '../../../kafka/cluster/link.ts'
import { crc32c, requests } from '../../../kafka/kafkajs.ts'
import { append, encodeBatch, noRecords, type RecordParts } from '../../../kafka/record-batch.ts'
import { encodeProduce } from '../../../kafka/writer/produce.ts'

const Long = createRequire(import.meta.url)('kafkajs/src/utils/long') as {
  fromValue: (value: string) => unknown
}

const bytes = (maxLength: number) =>
  fc.uint8Array({ maxLength, size: 'max' }).map((each) => Buffer.from(each))
const content = fc.oneof(bytes(200), fc.string({ unit: 'grapheme' }))
const record = fc.record({
  key: fc.option(content),
  value: fc.option(content),
  headers: fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(content, fc.array(content))),
})

describe('a request is, byte for byte, kafkajs’s', () => {
  const theirs = async (version: number, parameters: object): Promise<Buffer> => {
    const { request } = unchecked(
      (requests.Produce as NonNullable<typeof requests.Produce>).protocol({ version })(parameters),
    )
    return (await request.encode()).buffer
  }
  const partition = fc.record({
    records: fc.array(record, { minLength: 1, maxLength: 5 }),
    firstSequence: fc.nat(),
  })
  const topic = fc.array(partition, { minLength: 1, maxLength: 3 })

  test('whatever the records are, within a transaction and without', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(topic, { minLength: 1, maxLength: 3 }),
        fc.option(fc.string()),
        fc.constantFrom(3, 5, 7),
        async (topics, transactionalId, version) => {
          const timestampMs = 1_700_000_000_000
          const [producerId, producerEpoch] = ['123456789012345', 7]
          const expected = await theirs(version, {
            ...{
              acks: -1,
              timeout: 10_000,
              transactionalId,
              producerId: Long.fromValue(producerId),
              producerEpoch,
            },
            topicData: topics.map((partitions, index) => ({
              topic: `t-${index}`,
              partitions: partitions.map(({ records, firstSequence }, number) => ({
                ...{ partition: number, firstSequence },
                messages: records.map((each) => ({ ...each, timestamp: timestampMs })),
              })),
            })),
          })
          const batches = topics.flatMap((partitions, index) =>
            partitions.map(({ records, firstSequence }, number) => {
              const encoded = noRecords(0)
              for (const each of records)
                append(encoded, each as RecordParts, timestampMs, Number.POSITIVE_INFINITY)
              const head = {
                ...{ count: records.length, firstTimestampMs: timestampMs, maxTimestampMs: timestampMs },
                // kafkajs takes an empty id for none.
                ...{ attributes: transactionalId ? 0x10 : 0, producerId: BigInt(producerId) },
                ...{ producerEpoch, firstSequence },
              }
              const batch = encodeBatch(head, encoded.bytes.subarray(0, encoded.length), crc32c)
              return { topic: `t-${index}`, partition: number, batch }
            }),
          )
          expect(encodeProduce(batches, transactionalId).equals(expected)).toBe(true)
        },
      ),
      { numRuns: 300 },
    )
  })
})
