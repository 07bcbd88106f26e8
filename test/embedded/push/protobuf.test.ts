import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { compressSync } from 'snappy'
import { decompressed } from '../../../embedded/push/body.ts'
import { decodePush } from '../../../embedded/push/protobuf.ts'
import { MAX_PARTS, MAX_SECONDS } from '../../../embedded/push/pushed.ts'
import { Refusal } from '../../../embedded/refusal.ts'
import { encodePush, type Stream } from '../../../loki/encode.ts'

const pair = fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ minLength: 1, unit: 'grapheme' }))
const entry = fc.record({
  seconds: fc.integer({ min: 0, max: MAX_SECONDS }),
  nanos: fc.integer({ min: 0, max: 999_999_999 }),
  line: fc.uint8Array({ maxLength: 300 }),
  metadata: fc.uniqueArray(pair, { selector: ([name]) => name, maxLength: 3, minLength: 1 }),
})
const streams: fc.Arbitrary<Stream[]> = fc.array(
  fc.record({ labels: fc.string({ unit: 'grapheme' }), entries: fc.array(entry, { maxLength: 5 }) }),
  { maxLength: 4 },
)

const statusOf = (decode: () => unknown): number => {
  try {
    decode()
    return 204
  } catch (error) {
    if (error instanceof Refusal) return error.status
    throw error
  }
}

describe('reading a push in protobuf', () => {
  it('gives what was written', () => {
    fc.assert(
      fc.property(streams, (written) => {
        const read = decodePush(encodePush(written))
        expect(read).toEqual(
          written.map(({ labels, entries }) => ({
            labels,
            entries: entries.map(({ seconds, nanos, line, metadata }) => ({
              seconds,
              nanos,
              line: Buffer.from(line.buffer),
              metadata: new Map(metadata),
            })),
          })),
        )
      }),
      { numRuns: 100 },
    )
  })

  it('copies no line', () => {
    const bytes = encodePush([
      { labels: '{a="b"}', entries: [{ seconds: 1, nanos: 2, line: Buffer.from('abc') }] },
    ])
    expect(decodePush(bytes)[0]?.entries[0]?.line.buffer).toBe(bytes.buffer)
  })

  it('skips fields that it does not know', () => {
    const hash = Buffer.from([0x18, 0xac, 0x02, 0x21, 1, 2, 3, 4, 5, 6, 7, 8, 0x2d, 1, 2, 3, 4])
    const labels = Buffer.from('\n\x07{a="b"}')
    const message = Buffer.concat([Buffer.from([0x0a, labels.length + hash.length]), labels, hash])
    expect(decodePush(Buffer.concat([message, Buffer.from('\x12\x01x')]))).toEqual([
      { labels: '{a="b"}', entries: [] },
    ])
  })

  it('refuses what is cut anywhere within a stream', () => {
    const bytes = encodePush([
      { labels: '{a="b"}', entries: [{ seconds: 1, nanos: 2, line: Buffer.from('abc') }] },
    ])
    for (let length = 1; length < bytes.length; length++)
      expect({ length, status: statusOf(() => decodePush(bytes.subarray(0, length))) }).toEqual({
        length,
        status: 400,
      })
  })

  it('takes any bytes for what they are: a push, or none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect([204, 400]).toContain(statusOf(() => decodePush(Buffer.from(bytes))))
      }),
      { numRuns: 500 },
    )
  })

  it('refuses lengths beyond its end, and numbers that never end', () => {
    expect(statusOf(() => decodePush(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f])))).toBe(400)
    expect(statusOf(() => decodePush(Buffer.alloc(20, 0xff)))).toBe(400)
  })

  it('refuses times before 1970, which are large numbers', () => {
    const minusOne = Buffer.from([0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])
    const time = Buffer.concat([Buffer.from([0x0a, minusOne.length]), minusOne])
    const entryBytes = Buffer.concat([Buffer.from([0x12, time.length]), time])
    expect(
      statusOf(() => decodePush(Buffer.concat([Buffer.from([0x0a, entryBytes.length]), entryBytes]))),
    ).toBe(400)
  })

  it('refuses more parts than it has memory for', () => {
    const entries = Buffer.alloc(2 * MAX_PARTS, Buffer.from([0x12, 0x00]))
    const length = Buffer.from([0x0a, 0x80, 0x89, 0x7a])
    expect(statusOf(() => decodePush(Buffer.concat([length, entries])))).toBe(413)
  })
})

describe('unpacking a body', () => {
  const refusalOf = async (body: Buffer, encoding: string, limit = 1_000_000) =>
    decompressed(body, encoding, limit).then(
      () => 204,
      (error: unknown) => (error instanceof Refusal ? error.status : 500),
    )

  it('stops at the limit, whatever is claimed', async () => {
    const bomb = compressSync(Buffer.alloc(1_100_000))
    expect(await refusalOf(bomb, 'snappy')).toBe(413)
    // Claims 4 GB in 5 bytes.
    expect(await refusalOf(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]), 'snappy', 2 ** 33)).toBe(400)
  })

  it('refuses damaged bytes', async () => {
    const body = compressSync(Buffer.from('hello hello hello hello hello'))
    expect(await refusalOf(body.subarray(0, 5), 'snappy')).toBe(400)
    expect(await refusalOf(Buffer.alloc(0), 'snappy')).toBe(400)
    expect(await refusalOf(Buffer.from('hello'), 'gzip')).toBe(400)
    expect(await refusalOf(Buffer.from('hello'), 'deflate')).toBe(400)
    expect(await refusalOf(Buffer.from('hello'), 'br')).toBe(400)
  })
})
