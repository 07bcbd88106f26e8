import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decodeFetch, type FetchedPartition } from '../../../kafka/consumer/decode-fetch.ts'
import { Encoder } from '../../../kafka/kafkajs.ts'

/** The answer to a fetch, written field by field as Kafka's protocol lists them. */
function answerOf(version: number, throttleMs: number, parts: readonly FetchedPartition[]): Buffer {
  const topics = [...new Set(parts.map(({ topic }) => topic))].map((topic) => {
    const own = parts.filter((part) => part.topic === topic).map((part) => partitionOf(version, part))
    return new Encoder().writeString(topic).writeArray(own)
  })
  const head = new Encoder().writeInt32(throttleMs)
  if (version >= 7) head.writeInt16(0).writeInt32(1234)
  return head.writeArray(topics).buffer
}

function partitionOf(version: number, part: FetchedPartition): Encoder {
  const encoder = new Encoder().writeInt32(part.partition).writeInt16(part.errorCode)
  encoder.writeInt64(part.endOffset).writeInt64(part.endOffset - 1)
  if (version >= 5) encoder.writeInt64(3)
  const aborted = part.aborted.map(({ producerId, firstOffset }) =>
    new Encoder().writeInt64(producerId).writeInt64(firstOffset),
  )
  encoder.writeArray(aborted)
  if (version >= 11) encoder.writeInt32(-1)
  return encoder.writeBytes(part.records)
}

const offset = fc.integer({ min: 1, max: 2 ** 52 })
const part: fc.Arbitrary<FetchedPartition> = fc.record({
  topic: fc.constantFrom('a', 'logs.main', 'ünï'),
  partition: fc.nat(2 ** 31 - 1),
  errorCode: fc.integer({ min: -1, max: 120 }),
  endOffset: offset,
  aborted: fc.array(fc.record({ producerId: fc.bigInt({ min: 0n, max: 2n ** 62n }), firstOffset: offset }), {
    ...{ maxLength: 30, size: '+1' },
  }),
  records: fc.uint8Array({ maxLength: 300, size: 'max' }).map((bytes) => Buffer.from(bytes)),
})
const parts = fc
  .array(part, { maxLength: 50, size: '+1' })
  .map((all) => [...all].sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : 0)))

describe.each([4, 5, 6, 7, 8, 9, 10, 11])('the answer to a fetch of version %i', (version) => {
  test('is read', () =>
    fc.assert(
      fc.property(fc.nat(60_000), parts, (throttleMs, all) => {
        const read = decodeFetch(answerOf(version, throttleMs, all), version)
        expect(read.clientSideThrottleTime).toBe(throttleMs)
        const byTopic = [...new Set(all.map(({ topic }) => topic))].flatMap((topic) =>
          all.filter((each) => each.topic === topic),
        )
        expect(read.partitions).toEqual(byTopic)
      }),
      { numRuns: 30 },
    ))

  test('without records or with nulls where lists may be is read', () => {
    const fields = new Encoder().writeInt32(0).writeInt16(6).writeInt64(-1).writeInt64(-1)
    if (version >= 5) fields.writeInt64(-1)
    fields.writeInt32(-1)
    if (version >= 11) fields.writeInt32(-1)
    const head = new Encoder().writeInt32(0)
    if (version >= 7) head.writeInt16(0).writeInt32(0)
    const topic = new Encoder().writeString('a').writeArray([fields.writeInt32(-1)])
    const [read] = decodeFetch(head.writeArray([topic]).buffer, version).partitions
    expect(read).toMatchObject({ errorCode: 6, aborted: [], records: Buffer.alloc(0) })
  })

  test('that ends too early, or tells of more than it has, is a RangeError', () => {
    const whole = answerOf(version, 0, [
      { topic: 'a', partition: 0, errorCode: 0, endOffset: 5, aborted: [], records: Buffer.alloc(0) },
    ])
    for (let length = 0; length < whole.length; length++)
      expect(() => decodeFetch(whole.subarray(0, length), version)).toThrow(
        expect.objectContaining({ name: 'RangeError' }),
      )
    const damaged = Buffer.from(whole)
    damaged.writeInt32BE(2 ** 31 - 1, version >= 7 ? 10 : 4)
    expect(() => decodeFetch(damaged, version)).toThrow(expect.objectContaining({ name: 'RangeError' }))
  })
})
