import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { keyOf, type TopicPartition } from '../../../kafka/consumer/partitions.ts'
import {
  COOPERATIVE,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  PROTOCOLS,
} from '../../../kafka/consumer/protocol.ts'
import { Encoder } from '../../../kafka/kafkajs.ts'

const topic = fc.string({ minLength: 1, maxLength: 60, size: 'max' }).filter((name) => !name.includes(' '))
const partitions = fc.uniqueArray(fc.record({ topic, partition: fc.nat(2 ** 31 - 1) }), {
  ...{ maxLength: 500, size: 'max', selector: keyOf },
})
const sorted = (all: readonly TopicPartition[]): string[] => all.map(keyOf).sort()
const bytesOf = (version: number) => new Encoder().writeInt16(version)
const topicsOf = (...all: readonly (readonly [string, number[]])[]) =>
  all.map(([name, numbers]) => new Encoder().writeString(name).writeArray(numbers))

describe('a subscription', () => {
  test('is read as it was written, by members of a cooperative group', () =>
    fc.assert(
      fc.property(
        fc.array(topic),
        partitions,
        fc.integer({ min: -1, max: 2 ** 31 - 1 }),
        (topics, owned, generation) => {
          const read = decodeSubscription(encodeSubscription(COOPERATIVE, { topics, owned, generation }))
          expect([read.topics, read.generation, sorted(read.owned)]).toEqual([
            topics,
            generation,
            sorted(owned),
          ])
        },
      ),
    ))

  test('of another protocol has the oldest form, with nothing behind it', () => {
    const expected = bytesOf(0).writeArray(['a', 'b']).writeBytes(Buffer.alloc(0)).buffer
    const subscription = { topics: ['a', 'b'], owned: [{ topic: 'a', partition: 1 }], generation: 3 }
    for (const protocol of PROTOCOLS.filter((each) => each !== COOPERATIVE))
      expect(encodeSubscription(protocol, subscription)).toEqual(expected)
  })

  test('of other programs is read in each version, whatever follows', () => {
    const owned = topicsOf(['a', [1, 2]], ['b', [0]])
    const read = [
      { topic: 'a', partition: 1 },
      { topic: 'a', partition: 2 },
      { topic: 'b', partition: 0 },
    ]
    const start = (version: number) =>
      bytesOf(version).writeArray(['a', 'b']).writeBytes(Buffer.from('user data'))
    const trailing = Buffer.from([1, 2, 3, 4, 5, 6, 7])
    const none = { topics: ['a', 'b'], owned: [], generation: -1 }
    expect(decodeSubscription(Buffer.concat([start(0).buffer, trailing]))).toEqual(none)
    const first = start(1).writeArray(owned).buffer
    expect(decodeSubscription(Buffer.concat([first, trailing]))).toEqual({ ...none, owned: read })
    const third = start(3).writeArray(owned).writeInt32(9).writeString('rack').buffer
    expect(decodeSubscription(Buffer.concat([third, trailing]))).toEqual({
      ...none,
      owned: read,
      generation: 9,
    })
    const noUserData = bytesOf(0).writeArray(['a', 'b']).writeBytes(null).buffer
    expect(decodeSubscription(noUserData)).toEqual(none)
  })

  test('that ends too early is a RangeError', () => {
    const whole = encodeSubscription(COOPERATIVE, {
      topics: ['a'],
      owned: [{ topic: 'a', partition: 1 }],
      generation: 3,
    })
    // A name that is cut is noticed at the number behind it.
    for (let length = 0; length < whole.length; length++)
      expect(() => decodeSubscription(whole.subarray(0, length))).toThrow(
        expect.objectContaining({ name: 'RangeError' }),
      )
  })
})

describe('an assignment', () => {
  test('is read as it was written', () =>
    fc.assert(
      fc.property(partitions, (all) => {
        expect(sorted(decodeAssignment(encodeAssignment(all)))).toEqual(sorted(all))
      }),
    ))

  test('of no bytes is none, and a newer one is read', () => {
    expect(decodeAssignment(Buffer.alloc(0))).toEqual([])
    const newer = bytesOf(3)
      .writeArray(topicsOf(['a', [7]]))
      .writeBytes(Buffer.from('data'))
      .writeInt32(1).buffer
    expect(decodeAssignment(newer)).toEqual([{ topic: 'a', partition: 7 }])
  })
})
