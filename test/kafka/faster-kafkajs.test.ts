import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import kafkajs from 'kafkajs'
import { registerCodecs } from '../../kafka/codecs.ts'
import { groupByPartition, ORIGINALS, recordBatch } from '../../kafka/faster-kafkajs.ts'

type Encoder = { buffer: Buffer; size: () => number }
const encodeRecord = ORIGINALS.encodeRecord as (parts: object) => Encoder
const { RecordBatch } = ORIGINALS.recordBatch as { RecordBatch: (parts: object) => Promise<Encoder> }
const originalGrouping = ORIGINALS.groupByPartition as typeof groupByPartition
registerCodecs()

test('the originals are really kafkajs’s', () => {
  expect(RecordBatch).not.toBe(recordBatch)
  expect(originalGrouping).not.toBe(groupByPartition)
  expect(encodeRecord({ value: 'v' })).toHaveProperty('buffer')
})

describe('recordBatch', () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
  const content = fc.oneof(bytes, fc.string({ unit: 'grapheme', maxLength: 300 }))
  const record = fc.record(
    {
      timestampDelta: fc.oneof(fc.nat(), fc.integer({ min: 0, max: 2 ** 40 })),
      key: fc.option(content),
      value: fc.option(content),
      headers: fc.dictionary(
        fc.string({ maxLength: 20 }),
        fc.oneof(content, fc.array(content, { maxLength: 3 })),
        {
          noNullPrototype: true,
          maxKeys: 5,
        },
      ),
    },
    { requiredKeys: ['value'] },
  )
  const { None, LZ4, GZIP } = kafkajs.CompressionTypes

  test('writes the same bytes as kafkajs, compressed or not', async () => {
    const head = fc.record({
      compression: fc.constantFrom(None, LZ4, GZIP),
      transactional: fc.boolean(),
      firstTimestamp: fc.integer({ min: 0, max: 2 ** 42 }),
      maxTimestamp: fc.integer({ min: 0, max: 2 ** 42 }),
      producerId: fc.oneof(fc.nat(), fc.bigInt({ min: -1n, max: 2n ** 62n }).map(String)),
      producerEpoch: fc.nat({ max: 30_000 }),
      firstSequence: fc.nat(),
      partitionLeaderEpoch: fc.nat(),
    })
    await fc.assert(
      fc.asyncProperty(head, fc.array(record, { minLength: 1, maxLength: 20 }), async (batch, values) => {
        const records = values.map((value, offsetDelta) => ({ ...value, offsetDelta }))
        const parts = { ...batch, lastOffsetDelta: records.length - 1 }
        const ours = await recordBatch({ ...parts, records } as Parameters<typeof recordBatch>[0])
        const theirs = await RecordBatch({ ...parts, records: records.map(encodeRecord) })
        expect(ours.buffer.equals(theirs.buffer)).toBe(true)
        expect(ours.size()).toBe(theirs.size())
      }),
      { numRuns: 300 },
    )
  })

  test('a large record too', async () => {
    const parts = { firstTimestamp: 1, maxTimestamp: 1, compression: LZ4 }
    const records = [{ value: Buffer.alloc(3_000_000, 'x'), key: 'k' }]
    const theirs = await RecordBatch({ ...parts, records: records.map(encodeRecord) })
    expect((await recordBatch({ ...parts, records })).buffer.equals(theirs.buffer)).toBe(true)
  })
})

test('groupByPartition groups as kafkajs does', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 5 })), fc.nat({ max: 1 }), (partitions, metadata) => {
      const grouping = {
        topic: 't',
        partitionMetadata: Array.from({ length: metadata }),
        messages: partitions.map((partition, index) => ({ partition, index })),
        partitioner: ({ message }: { message: { partition: number } }) => message.partition,
      }
      expect(groupByPartition(grouping)).toEqual(originalGrouping(grouping))
    }),
  )
})
