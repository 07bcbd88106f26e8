import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Entry, encodePush, lineBytes, type Stream } from '../../loki/encode.ts'

/** A reader of protobuf that knows nothing of the encoder: the fields of one message, in order. */
type Field = { number: number; value: bigint | Buffer }
function fieldsOf(message: Buffer): Field[] {
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = message.readUInt8(at++)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const bytes = (): Buffer => {
    const length = Number(varint())
    if (at + length > message.length) throw new Error('a field ends after its message')
    at += length
    return message.subarray(at - length, at)
  }
  const fields: Field[] = []
  while (at < message.length) {
    const tag = Number(varint())
    if ((tag & 7) !== 0 && (tag & 7) !== 2) throw new Error(`wire type ${tag & 7}`)
    fields.push({ number: tag >> 3, value: (tag & 7) === 0 ? varint() : bytes() })
  }
  return fields
}

const all = (fields: Field[], number: number): Buffer[] =>
  fields.filter((field) => field.number === number).map(({ value }) => value as Buffer)
const numberIn = (fields: Field[], number: number): number =>
  Number(fields.find((field) => field.number === number)?.value ?? 0n)

/**
 * logproto.PushRequest: streams 1 { labels 1, entries 2 { timestamp 1 { seconds 1, nanos 2 }, line 2,
 * structuredMetadata 3 { name 1, value 2 } } }.
 */
const decoded = (request: Buffer): Stream[] =>
  all(fieldsOf(request), 1).map((stream) => {
    const fields = fieldsOf(stream)
    return {
      labels: all(fields, 1).join(),
      entries: all(fields, 2).map((each) => {
        const entry = fieldsOf(each)
        const time = fieldsOf(all(entry, 1)[0] ?? Buffer.alloc(0))
        const metadata = all(entry, 3).map((pair) => {
          const both = fieldsOf(pair)
          return [all(both, 1).join(), all(both, 2).join()] as const
        })
        const line = Buffer.concat(all(entry, 2))
        const plain: Entry = { seconds: numberIn(time, 1), nanos: numberIn(time, 2), line }
        return metadata.length === 0 ? plain : { ...plain, metadata }
      }),
    }
  })

const text = fc.string({ unit: 'grapheme', maxLength: 150, size: 'max' })
const lineEntry = fc.record({
  seconds: fc.oneof(
    fc.constantFrom(0, 1, 127, 128, 2 ** 31, 2 ** 32),
    fc.integer({ min: 0, max: 9_223_372_036 }),
  ),
  nanos: fc.oneof(fc.constantFrom(0, 1, 127, 128, 999_999_999), fc.integer({ min: 0, max: 999_999_999 })),
  line: fc.oneof(
    fc.uint8Array({ maxLength: 200, size: 'max' }),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  ),
})
const entry: fc.Arbitrary<Entry> = fc.oneof(
  lineEntry,
  fc
    .tuple(lineEntry, fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 4 }))
    .map(([plain, metadata]) => ({ ...plain, metadata })),
)
const streams: fc.Arbitrary<Stream[]> = fc.array(
  fc.record({
    labels: text,
    entries: fc.array(entry, { maxLength: 5 }),
  }),
  { maxLength: 4 },
)
const asBuffers = (list: Stream[]): Stream[] =>
  list.map(({ labels, entries }) => ({
    labels,
    entries: entries.map((each) => ({ ...each, line: Buffer.from(lineBytes(each.line)) })),
  }))

describe('a push request', () => {
  test('is read as the streams, times and lines that it was made of', () => {
    fc.assert(
      fc.property(streams, (list) => {
        expect(decoded(encodePush(list))).toEqual(asBuffers(list))
      }),
      { numRuns: 200 },
    )
  })

  test('of nothing is empty', () => {
    expect(encodePush([])).toEqual(Buffer.alloc(0))
  })

  test('is these bytes', () => {
    const push = [{ labels: '{a="b"}', entries: [{ seconds: 1, nanos: 300, line: Buffer.from('hi') }] }]
    expect(encodePush(push).toString('hex')).toBe(
      ['0a16', '0a077b613d2262227d', '120b', '0a050801', '10ac02', '12026869'].join(''),
    )
  })

  test('carries structured metadata as these bytes', () => {
    const line = Buffer.from('hi')
    const push = [
      { labels: '{}', entries: [{ seconds: 1, nanos: 0, line, metadata: [['k', 'v']] as const }] },
    ]
    expect(encodePush(push).toString('hex')).toBe(
      ['0a16', '0a027b7d', '1210', '0a020801', '12026869', '1a06', '0a016b', '120176'].join(''),
    )
  })

  test('with an empty list of metadata is the same as without', () => {
    const entry = { seconds: 1, nanos: 2, line: Buffer.from('hi') }
    const one = encodePush([{ labels: '{}', entries: [entry] }])
    expect(encodePush([{ labels: '{}', entries: [{ ...entry, metadata: [] }] }])).toEqual(one)
  })

  test('leaves out seconds and nanos of zero, as proto3 does', () => {
    const push = [{ labels: '', entries: [{ seconds: 0, nanos: 0, line: new Uint8Array(0) }] }]
    expect(encodePush(push).toString('hex')).toBe(['0a08', '0a00', '1204', '0a00', '1200'].join(''))
  })

  test('carries a line of 2 MB among others', () => {
    const large = Buffer.alloc(2_000_000, 'log line ')
    const lines = [Buffer.from('before'), large, Buffer.from('after')]
    const entries = lines.map((line, index) => ({ seconds: 1_763_891_130, nanos: index, line }))
    const [stream, ...others] = decoded(encodePush([{ labels: '{}', entries }]))
    expect(others).toEqual([])
    expect(stream?.entries.map((each) => each.line.byteLength)).toEqual([6, 2_000_000, 5])
    expect(large.equals(lineBytes(stream?.entries[1]?.line ?? Buffer.alloc(0)))).toBe(true)
  })
})
