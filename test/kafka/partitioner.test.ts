import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import kafkajs from 'kafkajs'
import { createPartitioner, murmur2 } from '../../kafka/partitioner.ts'

describe('murmur2', () => {
  // The vectors of Kafka's own UtilsTest.
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('of %s is %i', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash)
  })
})

const metadata = (count: number) =>
  Array.from({ length: count }, (_, partitionId) => ({
    partitionId,
    leader: 1,
    partitionErrorCode: 0,
    replicas: [1],
    isr: [1],
    offlineReplicas: [],
  }))

test('chooses the partition that kafkajs chooses', () => {
  const theirs = kafkajs.Partitioners.DefaultPartitioner()
  const ours = createPartitioner()
  const key = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  )
  fc.assert(
    fc.property(key, fc.integer({ min: 1, max: 40 }), (key, count) => {
      const choice = { topic: 't', partitionMetadata: metadata(count), message: { key, value: 'v' } }
      expect(ours({ key }, count)).toBe(theirs(choice))
    }),
    { numRuns: 500 },
  )
})

test('records without a key take turns, and a partition that was asked for is kept', () => {
  const choose = createPartitioner()
  const turns = Array.from({ length: 6 }, () => choose({ key: null }, 3))
  expect(turns).toEqual([0, 1, 2, 0, 1, 2])
  expect(choose({ key: 'k', partition: 2 }, 3)).toBe(2)
})
