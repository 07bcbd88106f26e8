import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { compressFrameSync } from 'lz4-napi'
import { compressSync } from 'snappy'
import { CODEC } from '../../../kafka/codecs.ts'
import { decodeBatches, UnreadableBatch } from '../../../kafka/consumer/decode-batches.ts'
import { encodeBatch, encodeRecords, type Parts } from './encode.ts'

type Codec = 'none' | 'gzip' | 'snappy' | 'lz4'
const COMPRESS: Record<Codec, (bytes: Buffer) => Buffer> = {
  none: (bytes) => bytes,
  gzip: (bytes) => gzipSync(bytes),
  snappy: (bytes) => Buffer.from(compressSync(bytes)),
  lz4: (bytes) => Buffer.from(compressFrameSync(bytes)),
}
const [TRANSACTIONAL, CONTROL] = [0x10, 0x20]
type Shape = {
  firstOffset: number
  /** Offsets that compaction left, counted from the first. */
  deltas: readonly number[]
  lastOffsetDelta?: number
  codec?: Codec
  attributes?: number
  producerId?: number
  records?: readonly Parts[]
}

function batch({
  firstOffset,
  deltas,
  codec = 'none',
  attributes = 0,
  producerId = -1,
  ...rest
}: Shape): Buffer {
  const named = deltas.map((offsetDelta) => ({ offsetDelta, value: `value ${firstOffset + offsetDelta}` }))
  const { records = named, lastOffsetDelta = deltas.at(-1) ?? 0 } = rest
  const head = {
    ...{ firstOffset, attributes: attributes | CODEC[codec], lastOffsetDelta, producerId },
    ...{ firstTimestamp: 1_000, maxTimestamp: 2_000 },
  }
  return encodeBatch(head, records.length, COMPRESS[codec](encodeRecords(records)))
}
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
const ofProducer = (producerId: number, firstOffset: number, count: number): Buffer =>
  batch({ firstOffset, deltas: upTo(count), attributes: TRANSACTIONAL, producerId })
const marker = (producerId: number, firstOffset: number, type: 'abort' | 'commit'): Buffer => {
  const key = Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1])
  const records = [{ key, value: Buffer.alloc(6) }]
  return batch({ firstOffset, deltas: [0], attributes: TRANSACTIONAL | CONTROL, producerId, records })
}
const offsetsOf = async (bytes: Buffer, offset: number, ...aborted: [number, number][]) => {
  const named = aborted.map(([producerId, firstOffset]) => ({ producerId: BigInt(producerId), firstOffset }))
  const { records, nextOffset } = await decodeBatches(bytes, offset, named)
  return { offsets: records.map(({ offsetNumber }) => offsetNumber), nextOffset }
}

describe('the records of a fetch', () => {
  /** A log after compaction: batches with gaps between and within, in any codec. */
  const log = fc
    .array(
      fc.record({
        gap: fc.nat(5),
        kept: fc.array(fc.boolean(), { minLength: 1, maxLength: 60, size: '+1' }),
        codec: fc.constantFrom<Codec>('none', 'gzip', 'snappy', 'lz4'),
      }),
      { minLength: 1, maxLength: 20, size: '+1' },
    )
    .map((shapes) => {
      let end = 0
      return shapes.map(({ gap, kept, codec }) => {
        const firstOffset = end + gap
        const deltas = kept.flatMap((isKept, delta) => (isKept ? [delta] : []))
        end = firstOffset + kept.length
        const bytes = batch({ firstOffset, deltas, codec, lastOffsetDelta: kept.length - 1 })
        return { bytes, offsets: deltas.map((delta) => firstOffset + delta), end }
      })
    })

  test('from any offset, cut anywhere, are those of whole batches, and the next fetch goes on behind them', () =>
    fc.assert(
      fc.asyncProperty(log, fc.nat(), fc.nat(), async (batches, from, cut) => {
        const bytes = Buffer.concat(batches.map((each) => each.bytes))
        const end = batches.at(-1)?.end ?? 0
        const offset = from % (end + 1)
        const size = cut % (bytes.length + 1)
        let at = 0
        const whole = batches.filter((each) => {
          at += each.bytes.length
          return at <= size
        })
        const read = await decodeBatches(bytes.subarray(0, size), offset, [])
        const expected = whole.flatMap(({ offsets }) => offsets).filter((each) => each >= offset)
        expect(read.records.map(({ offsetNumber }) => offsetNumber)).toEqual(expected)
        expect(read.records.map(({ value }) => String(value))).toEqual(
          expected.map((each) => `value ${each}`),
        )
        expect(read.nextOffset).toBe(Math.max(offset, whole.at(-1)?.end ?? 0))
      }),
    ))

  test('of a batch that compaction emptied are none, and reading goes on behind it', async () => {
    const empty = batch({ firstOffset: 10, deltas: [], lastOffsetDelta: 9 })
    expect(await offsetsOf(empty, 12)).toEqual({ offsets: [], nextOffset: 20 })
  })

  test('have Kafka’s time of arrival where the topic has that', async () => {
    const { records } = await decodeBatches(batch({ firstOffset: 0, deltas: [0], attributes: 0x08 }), 0, [])
    expect(records[0]?.timestampMs).toBe(2_000)
  })
})

describe('transactions', () => {
  test('that were aborted are left out, overlapping ones by producer, and markers never show', async () => {
    const bytes = Buffer.concat([
      ofProducer(1, 0, 2),
      ofProducer(2, 2, 2),
      batch({ firstOffset: 4, deltas: [0] }),
      ofProducer(1, 5, 1),
      marker(1, 6, 'abort'),
      ofProducer(2, 7, 1),
      ofProducer(1, 8, 1),
      marker(2, 9, 'abort'),
      marker(1, 10, 'commit'),
      ofProducer(2, 11, 1),
      marker(2, 12, 'commit'),
    ])
    const aborted: [number, number][] = [
      [2, 2],
      [1, 0],
    ]
    expect(await offsetsOf(bytes, 0, ...aborted)).toEqual({ offsets: [4, 8, 11], nextOffset: 13 })
  })

  test('aborted twice by one producer are both left out, but not what lies between', async () => {
    const bytes = Buffer.concat([
      ...[ofProducer(1, 0, 1), marker(1, 1, 'abort'), ofProducer(1, 2, 1), marker(1, 3, 'commit')],
      ...[ofProducer(1, 4, 1), marker(1, 5, 'abort')],
    ])
    expect(await offsetsOf(bytes, 0, [1, 0], [1, 4])).toEqual({ offsets: [2], nextOffset: 6 })
  })

  test('that began before the fetch are left out up to their marker', async () => {
    const bytes = Buffer.concat([ofProducer(1, 50, 3), marker(1, 53, 'abort'), ofProducer(1, 54, 1)])
    expect(await offsetsOf(bytes, 51, [1, 7])).toEqual({ offsets: [54], nextOffset: 55 })
  })

  test('of a producer do not touch what it wrote without one', async () => {
    const plain = batch({ firstOffset: 0, deltas: [0], producerId: 1 })
    expect(await offsetsOf(plain, 0, [1, 0])).toEqual({ offsets: [0], nextOffset: 1 })
  })
})

describe('a damaged batch', () => {
  const good = batch({ firstOffset: 0, deltas: upTo(3) })
  const unpackable = batch({ firstOffset: 3, deltas: upTo(4), codec: 'gzip' })
  unpackable.fill(0xff, 61)

  test('at the start is told with its offsets', async () => {
    const failure = decodeBatches(Buffer.concat([unpackable, good]), 5, [])
    await expect(failure).rejects.toBeInstanceOf(UnreadableBatch)
    await expect(failure).rejects.toMatchObject({ offset: 5, nextOffset: 7 })
  })

  test('later on leaves those before it, and is met at the start of the next fetch', async () => {
    const bytes = Buffer.concat([good, unpackable])
    expect(await offsetsOf(bytes, 0)).toEqual({ offsets: [0, 1, 2], nextOffset: 3 })
    await expect(decodeBatches(bytes, 3, [])).rejects.toMatchObject({ offset: 3, nextOffset: 7 })
  })

  test('behind a batch whose records are all read already, too', async () => {
    await expect(decodeBatches(Buffer.concat([good, unpackable]), 3, [])).rejects.toBeInstanceOf(
      UnreadableBatch,
    )
  })

  test.each([0, -12, -100, 40])(
    'whose length is %i is unreadable, and does not hold the reader',
    async (length) => {
      const damaged = Buffer.from(good)
      damaged.writeInt32BE(length, 8)
      await expect(decodeBatches(damaged, 0, [])).rejects.toMatchObject({ offset: 0, nextOffset: 3 })
      const { offsets, nextOffset } = await offsetsOf(Buffer.concat([good, damaged]), 0)
      expect([offsets, nextOffset]).toEqual([[0, 1, 2], 3])
    },
  )

  test('of any bytes at all is passed over, or read, but nothing else is thrown', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(255), async (at, byte) => {
        const bytes = Buffer.concat([good, batch({ firstOffset: 3, deltas: upTo(4), codec: 'lz4' })])
        bytes[at % bytes.length] = byte
        try {
          const { nextOffset } = await decodeBatches(bytes, 0, [])
          expect(nextOffset).toBeGreaterThanOrEqual(0)
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableBatch)
          expect((error as UnreadableBatch).nextOffset).toBeGreaterThan(0)
        }
      }),
      { numRuns: 500 },
    ))
})
