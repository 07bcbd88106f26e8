import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { plainText } from '../../producer/unpacked.ts'

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
async function textOf(input: Uint8Array, size = 65_536): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of plainText(inPieces(input, size), 'logs.json')) pieces.push(piece)
  return Buffer.concat(pieces)
}
const MARK = Buffer.from([0xef, 0xbb, 0xbf])

describe('plain text', () => {
  test.each([
    ['nothing', []],
    ['one byte', [0x31]],
    ['the first byte of gzip’s two alone', [0x1f]],
    ['that byte and another', [0x1f, 0x00, 0x41]],
    ['gzip’s two bytes, but later', [0x41, 0x1f, 0x8b]],
    ['two bytes of a mark alone', [0xef, 0xbb]],
    ['the first byte of UTF-16’s mark alone', [0xff]],
  ])('%s comes as it is', async (_, bytes) => {
    const input = Buffer.from(bytes)
    expect(await textOf(input)).toEqual(input)
    expect(await textOf(input, 1)).toEqual(input)
  })

  test('a mark is taken away at the beginning only, in chunks of any size', async () => {
    const input = Buffer.concat([MARK, Buffer.from('a'), MARK])
    for (const size of [1, 2, 3, 4, 100]) expect(await textOf(input, size)).toEqual(input.subarray(3))
    expect(await textOf(MARK, 1)).toEqual(Buffer.alloc(0))
  })

  test('UTF-16 is refused, gzipped or not', async () => {
    const input = Buffer.from('\ufeff[]', 'utf16le')
    for (const bytes of [input, gzipSync(input)])
      await expect(textOf(bytes, 1)).rejects.toMatchObject({ code: 'INPUT_NOT_UTF8' })
  })
})

describe('gzip', () => {
  test('is unpacked, whatever the chunks, with its mark taken away', () =>
    fc.assert(
      fc.asyncProperty(
        fc.string(),
        fc.integer({ min: 1, max: 50 }),
        fc.boolean(),
        async (text, size, hasMark) => {
          // A text that begins with a mark of its own would lose that one.
          fc.pre(!text.startsWith('\ufeff'))
          const input = gzipSync(Buffer.concat([hasMark ? MARK : Buffer.alloc(0), Buffer.from(text)]))
          expect((await textOf(input, size)).toString()).toBe(text)
        },
      ),
      { numRuns: 50 },
    ))

  test('that is cut off gives what there is, then zlib’s own error for that', async () => {
    const whole = gzipSync('one line\n')
    const pieces: Uint8Array[] = []
    const reading = async () => {
      for await (const piece of plainText(inPieces(whole.subarray(0, -4), 5), 'logs.json')) pieces.push(piece)
    }
    await expect(reading()).rejects.toMatchObject({ code: 'Z_BUF_ERROR' })
    expect(Buffer.concat(pieces).toString()).toBe('one line\n')
  })
})
