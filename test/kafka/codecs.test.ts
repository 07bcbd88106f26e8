import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import kafkajs from 'kafkajs'
import { unsnappy } from '../../kafka/codecs.ts'
import { registerCodecs } from '../kafkajs-codecs.ts'

type Codec = {
  compress: (encoder: { buffer: Buffer }) => Promise<Buffer>
  decompress: (buffer: Buffer) => Promise<Buffer>
}
const { CompressionCodecs, CompressionTypes } = kafkajs
registerCodecs()
const codec = (type: number): Codec =>
  (CompressionCodecs as unknown as Record<number, () => Codec>)[type]?.() as Codec

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** A snappy block by hand: the length as a varint, then literals of at most 60 bytes. */
function block(text: string): Buffer {
  const bytes = Buffer.from(text)
  const parts: Buffer[] = []
  let rest = bytes.length
  while (rest >= 0x80) {
    parts.push(Buffer.from([(rest & 0x7f) | 0x80]))
    rest >>>= 7
  }
  parts.push(Buffer.from([rest]))
  for (let at = 0; at < bytes.length; at += 60) {
    const literal = bytes.subarray(at, at + 60)
    parts.push(Buffer.from([(literal.length - 1) << 2]), literal)
  }
  return Buffer.concat(parts)
}

/** The frame of snappy-java: magic, version and lowest compatible version, then blocks with their lengths. */
const framed = (...texts: string[]): Buffer =>
  Buffer.concat([
    Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]),
    ...[int32(1), int32(1)],
    ...texts.map(block).flatMap((each) => [int32(each.length), each]),
  ])

describe('snappy', () => {
  const long = 'one log line, and another; '.repeat(50)

  test.each([['x'], [long]])('a bare block (%#)', async (text) => {
    expect(unsnappy(block(text)).toString()).toBe(text)
  })

  test('a block that refers back to itself', async () => {
    // Length 12; the literal "abc"; a copy of 9 bytes from 3 back.
    const bytes = Buffer.from([12, 2 << 2, 0x61, 0x62, 0x63, ((9 - 4) << 2) | 1, 3])
    expect(unsnappy(bytes).toString()).toBe('abcabcabcabc')
  })

  test.each([
    ['one block', ['x']],
    ['several', ['one, ', long, 'three']],
    ['none', []],
  ])('framed as Java does it: %s', async (_, texts) => {
    expect(unsnappy(framed(...texts)).toString()).toBe(texts.join(''))
  })

  test('a frame that is a view into a larger buffer', async () => {
    const bytes = framed('a', 'b')
    const inside = Buffer.concat([Buffer.alloc(3), bytes, Buffer.alloc(5)]).subarray(3, 3 + bytes.length)
    expect(unsnappy(inside).toString()).toBe('ab')
  })

  test('what is damaged is an error, not other bytes', async () => {
    expect(() => unsnappy(block(long).subarray(0, 40))).toThrow()
    expect(() => unsnappy(Buffer.from([0xff, 0xff, 0xff]))).toThrow()
    expect(() => unsnappy(framed('a', 'b').subarray(0, -1))).toThrow()
  })

  test('kafkajs reads with it, and is told that Vigie does not write it', async () => {
    const { compress, decompress } = codec(CompressionTypes.Snappy)
    expect((await decompress(framed('a'))).toString()).toBe('a')
    await expect(compress({ buffer: Buffer.from('a') })).rejects.toThrow('LZ4')
  })
})

describe('LZ4', () => {
  const { compress, decompress } = codec(CompressionTypes.LZ4)

  test('what is written is read as the same bytes', () =>
    fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300, size: 'max' }),
        fc.integer({ min: 1, max: 50 }),
        async (bytes, times) => {
          const buffer = Buffer.concat(Array.from({ length: times }, () => bytes))
          expect(buffer.equals(await decompress(await compress({ buffer })))).toBe(true)
        },
      ),
      { numRuns: 30 },
    ))

  test('it is the frame format that Kafka asks for, and smaller', async () => {
    const compressed = await compress({ buffer: Buffer.alloc(100_000, 'log line ') })
    expect(compressed.readUInt32LE(0)).toBe(0x184d2204)
    expect(compressed.length).toBeLessThan(10_000)
  })

  test('a frame of another writer is read', async () => {
    // Magic; version 1, independent blocks; blocks of 64 KB at most; header checksum; one stored block; end.
    const frame = Buffer.from([
      0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 3, 0, 0, 0x80, 0x61, 0x62, 0x63, 0, 0, 0, 0,
    ])
    expect((await decompress(frame)).toString()).toBe('abc')
  })
})

describe('ZSTD', () => {
  const { compress, decompress } = codec(CompressionTypes.ZSTD)

  test('is read, but not written', async () => {
    // Magic; single segment, one byte of content size; the size; a last raw block of 3 bytes.
    const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 3, 0x19, 0, 0, 0x61, 0x62, 0x63])
    expect((await decompress(frame)).toString()).toBe('abc')
    await expect(compress({ buffer: Buffer.from('a') })).rejects.toThrow('ZSTD')
  })
})
