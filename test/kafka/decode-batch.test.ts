import { createRequire } from 'node:module'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import kafkajs from 'kafkajs'
import { registerCodecs } from '../../kafka/codecs.ts'
import { decodeRecords } from '../../kafka/decode-records.ts'
import { decodeBatch, ORIGINALS, recordBatch } from '../../kafka/faster-kafkajs.ts'

const require = createRequire(import.meta.url)
type Position = { buffer: Buffer; offset: number }
const Decoder = require('kafkajs/src/protocol/decoder') as new (buffer: Buffer) => Position
const originalDecode = ORIGINALS.decodeBatch as typeof decodeBatch
registerCodecs()

/** A batch whose records hold themselves what kafkajs's hold, and nothing else. */
const plain = ({ records, ...batch }: Awaited<ReturnType<typeof decodeBatch>>) => ({
  ...batch,
  records: records.map(
    ({ magicByte, attributes, timestamp, offset, key, value, headers, isControlRecord, batchContext }) => ({
      ...{ magicByte, attributes, timestamp, offset, key, value, headers, isControlRecord, batchContext },
    }),
  ),
})

/** What both make of a batch, and where they stand then; or the name of what they throw. */
async function bothOf(buffer: Buffer) {
  const of = async (decode: typeof decodeBatch) => {
    const position = new Decoder(buffer)
    const batch = await decode(position).then(plain, (error: Error) => error.name)
    return { batch, offset: position.offset }
  }
  return { ours: await of(decodeBatch), theirs: await of(originalDecode) }
}

const ATTRIBUTES_AT = 21
/** The batch with more attribute bits: 8 for the time of arrival, 32 for a control batch. */
function withAttributes(batch: Buffer, bits: number): Buffer {
  const copy = Buffer.from(batch)
  copy.writeInt16BE(copy.readInt16BE(ATTRIBUTES_AT) | bits, ATTRIBUTES_AT)
  return copy
}

test('the original is really kafkajs’s', () => {
  expect(originalDecode).not.toBe(decodeBatch)
  expect(originalDecode.constructor.name).toBe('AsyncFunction')
})

describe('decodeBatch', () => {
  const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array))
  const header = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('a', '__proto__', 'constructor', ''))
  const record = fc.record(
    {
      timestampDelta: fc.oneof(
        fc.integer({ min: -1_000, max: 1_000 }),
        fc.integer({ min: -(2 ** 40), max: 2 ** 52 }),
        fc.constant(0),
      ),
      offsetDelta: fc.oneof(fc.nat({ max: 300 }), fc.nat()),
      key: fc.option(bytes),
      value: fc.option(bytes),
      headers: fc
        .array(fc.tuple(header, fc.oneof(bytes, fc.array(bytes, { minLength: 1, maxLength: 3 }))), {
          maxLength: 3,
        })
        .map((pairs) => Object.fromEntries(pairs)),
    },
    { requiredKeys: ['value'] },
  )
  const { None, LZ4, GZIP } = kafkajs.CompressionTypes
  const head = fc.record({
    compression: fc.constantFrom(None, LZ4, GZIP),
    transactional: fc.boolean(),
    firstOffset: fc.oneof(fc.nat(), fc.bigInt({ min: 0n, max: 2n ** 62n }).map(String)),
    firstTimestamp: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 2 ** 42 })),
    maxTimestamp: fc.integer({ min: -1, max: 2 ** 42 }),
    producerId: fc.bigInt({ min: -1n, max: 2n ** 62n }).map(String),
    producerEpoch: fc.integer({ min: -1, max: 30_000 }),
    firstSequence: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
    partitionLeaderEpoch: fc.nat(),
    lastOffsetDelta: fc.nat(),
  })
  const batch = fc.tuple(head, fc.array(record, { maxLength: 20 }), fc.constantFrom(0, 8, 32, 40))

  test('reads what kafkajs reads, compressed or not', async () => {
    await fc.assert(
      fc.asyncProperty(batch, async ([parts, records, bits]) => {
        const { buffer } = await recordBatch({ ...parts, records } as Parameters<typeof recordBatch>[0])
        const { ours, theirs } = await bothOf(withAttributes(buffer, bits))
        expect(ours).toEqual(theirs)
        expect(ours.batch).toHaveProperty('records')
      }),
      { numRuns: 300 },
    )
  })

  test('one behind the other, from a fetch that ends within the last', async () => {
    const one = (await recordBatch({ compression: LZ4, records: [{ value: 'a' }, { value: 'b' }] })).buffer
    const position = new Decoder(Buffer.concat([one, one, one.subarray(0, one.length - 1)]))
    expect((await decodeBatch(position)).records).toHaveLength(2)
    expect((await decodeBatch(position)).records).toHaveLength(2)
    expect(position.offset).toBe(2 * one.length)
    await expect(decodeBatch(position)).rejects.toMatchObject({ name: 'KafkaJSPartialMessageError' })
    for (let cut = 1; cut <= one.length - 61; cut++) {
      const { ours, theirs } = await bothOf(one.subarray(0, one.length - cut))
      expect(ours).toEqual(theirs)
    }
  })

  test('a value of 3 MB', async () => {
    const { buffer } = await recordBatch({
      compression: LZ4,
      records: [{ value: Buffer.alloc(3_000_000, 'x') }],
    })
    const [record] = (await decodeBatch(new Decoder(buffer))).records
    expect(record?.value?.equals(Buffer.alloc(3_000_000, 'x'))).toBe(true)
  })

  test('the views of a record do not copy its batch', async () => {
    const { buffer } = await recordBatch({ records: [{ key: 'k', value: 'v' }] })
    const [record] = (await decodeBatch(new Decoder(buffer))).records
    expect(record?.value?.buffer).toBe(buffer.buffer)
  })
})

describe('decodeRecords', () => {
  const context = {
    ...{ firstOffset: '0', firstTimestamp: '0', maxTimestamp: '0', producerId: '-1' },
    ...{ partitionLeaderEpoch: 0, lastOffsetDelta: 0, producerEpoch: 0, firstSequence: 0 },
    ...{ inTransaction: false, isControlBatch: false, timestampType: 0, magicByte: 2 },
  }
  /** A record without key, value and headers, with such a time. */
  const at = (delta: string): Buffer => {
    const body = Buffer.concat([Buffer.of(0), Buffer.from(delta, 'hex'), Buffer.of(0, 1, 1, 0)])
    return Buffer.concat([Buffer.of(body.length * 2), body])
  }
  test.each([
    ['00', '0'],
    ['01', '-1'],
    ['feffffffffffffff1f', '1152921504606846975'],
    ['ffffffffffffffffff01', '-9223372036854775808'],
    ['feffffffffffffffff01', '9223372036854775807'],
    ['ffffffffffff7f', '-281474976710656'],
  ])('reads a time of the bytes %s', (hex, timestamp) => {
    expect(decodeRecords(at(hex), 1, context)).toMatchObject([
      { timestamp, key: null, value: null, headers: {} },
    ])
  })

  test.each([
    ['a record', Buffer.of(20, 0)],
    ['a key', Buffer.of(10, 0, 0, 0, 100, 1)],
    ['a negative size', Buffer.of(3, 0, 0)],
    ['no record', Buffer.alloc(0)],
    ['a number without end', Buffer.concat([Buffer.of(24, 0), Buffer.alloc(11, 0xff)])],
  ])('throws RangeError where %s ends early', (_, bytes) => {
    expect(() => decodeRecords(bytes, 1, context)).toThrow(RangeError)
  })

  test('throws, or reads something, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat({ max: 5 }), (bytes, count) => {
        try {
          expect(decodeRecords(Buffer.from(bytes), count, context)).toHaveLength(count)
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
