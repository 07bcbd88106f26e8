import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { encodeRecord, groupByPartition, ORIGINALS } from '../../kafka/faster-kafkajs.ts'

const original = ORIGINALS.encodeRecord as (parts: object) => { buffer: Buffer }
const originalGrouping = ORIGINALS.groupByPartition as typeof groupByPartition

test('the originals are really kafkajs’s', () => {
  expect(original).not.toBe(encodeRecord)
  expect(originalGrouping).not.toBe(groupByPartition)
})

describe('encodeRecord', () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
  const content = fc.oneof(bytes, fc.string({ unit: 'grapheme', maxLength: 300 }))
  const parts = fc.record(
    {
      offsetDelta: fc.nat(),
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

  test('writes the same bytes as kafkajs', () => {
    fc.assert(
      fc.property(parts, (record) => {
        const encoded = encodeRecord(record as Parameters<typeof encodeRecord>[0])
        expect(encoded.buffer.equals(original(record).buffer)).toBe(true)
        expect(encoded.buf).toBe(encoded.buffer)
      }),
      { numRuns: 500 },
    )
  })

  test('a large record too', () => {
    const record = { value: Buffer.alloc(3_000_000, 'x'), key: 'k' }
    expect(encodeRecord(record).buffer.equals(original(record).buffer)).toBe(true)
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
