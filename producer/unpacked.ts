import { createGunzip } from 'node:zlib'
import { vigieError } from '../service/errors.ts'

/**
 * How much gunzip gets at a time. What it had unpacked of a piece is lost when the piece turns out
 * to be damaged, so small pieces save more records, but are slower: 4 KiB measured 155 MB/s, 1 KiB 95,
 * and 64 KiB 250.
 */
const GUNZIP_PIECE_BYTES = 4096
/** Length of a gzip member's checksum and size (RFC 1952, 2.3.1). */
const GZIP_TRAILER_BYTES = 8
const GUNZIP_OUTPUT_BYTES = 65_536

/**
 * The text of an input, chunk by chunk: gunzipped when its first bytes say that it is gzipped, and
 * without its UTF-8 BOM. Whether it is UTF-8 otherwise is not looked at.
 *
 * Throws INPUT_NOT_UTF8 for UTF-16, and zlib's own errors (their `code` begins with `Z_`) after
 * everything that could be unpacked before the damage; `Z_BUF_ERROR` is an input that is cut off.
 */
export const plainText = (chunks: AsyncIterable<Uint8Array>, uri: string): AsyncGenerator<Uint8Array> =>
  withoutMark(unpacked(chunks), uri)

/** The same bytes, but the first chunk has at least `leastBytes` unless the input is shorter. */
async function* withFullStart(
  chunks: AsyncIterable<Uint8Array>,
  leastBytes: number,
): AsyncGenerator<Uint8Array> {
  let start: Uint8Array | undefined = new Uint8Array(0)
  for await (const chunk of chunks) {
    if (start === undefined) {
      yield chunk
      continue
    }
    start = start.length === 0 ? chunk : Buffer.concat([start, chunk])
    if (start.length < leastBytes) continue
    yield start
    start = undefined
  }
  if (start !== undefined && start.length > 0) yield start
}

/** The input gunzipped if it is gzipped, else as it is. Throws zlib's errors. */
async function* unpacked(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let gunzip: ReturnType<typeof gunzipper> | undefined
  let isFirst = true
  try {
    for await (const chunk of withFullStart(chunks, 2)) {
      if (isFirst && chunk[0] === 0x1f && chunk[1] === 0x8b) gunzip = gunzipper()
      isFirst = false
      if (gunzip === undefined) yield chunk
      else yield* gunzip.push(chunk)
    }
    if (gunzip !== undefined) yield* gunzip.end()
  } finally {
    gunzip?.close()
  }
}

/** The text without its UTF-8 BOM. */
async function* withoutMark(chunks: AsyncIterable<Uint8Array>, uri: string): AsyncGenerator<Uint8Array> {
  let isFirst = true
  for await (const chunk of withFullStart(chunks, 3)) {
    const [a, b, c] = isFirst ? chunk : []
    isFirst = false
    if (a === 0xff && b === 0xfe) throw vigieError('INPUT_NOT_UTF8', { uri, encoding: 'UTF-16LE' })
    if (a === 0xfe && b === 0xff) throw vigieError('INPUT_NOT_UTF8', { uri, encoding: 'UTF-16BE' })
    yield a === 0xef && b === 0xbb && c === 0xbf ? chunk.subarray(3) : chunk
  }
}

/**
 * Gunzips pieces one at a time and gives out what each unpacks to before it throws what is wrong
 * with the next: the stream itself would drop what it has buffered when it meets an error.
 */
function gunzipper() {
  const stream = createGunzip({ chunkSize: GUNZIP_OUTPUT_BYTES })
  let output: Uint8Array[] = []
  let failure: Error | undefined
  let isOver = false
  let settle = () => {}
  stream.on('data', (bytes: Uint8Array) => output.push(bytes))
  // What follows the last member ends the stream without answering the write.
  stream.on('end', () => {
    isOver = true
    settle()
  })
  stream.on('error', (error) => {
    failure = error
    settle()
  })
  const settled = (start: (done: () => void) => void) =>
    new Promise<void>((resolve) => {
      settle = resolve
      start(resolve)
    })
  function* taken(): Generator<Uint8Array> {
    const bytes = output
    output = []
    yield* bytes
    if (failure !== undefined) throw failure
  }

  // The checksum goes in by itself: when it is wrong, all that it is about has come out already.
  let held: Uint8Array = new Uint8Array(0)
  async function* push(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
    const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    let at = 0
    while (!isOver && bytes.length - at > GZIP_TRAILER_BYTES) {
      const end = Math.min(at + GUNZIP_PIECE_BYTES, bytes.length - GZIP_TRAILER_BYTES)
      const piece = bytes.subarray(at, end)
      await settled((done) => stream.write(piece, done))
      yield* taken()
      at = end
    }
    held = isOver ? new Uint8Array(0) : bytes.subarray(at)
  }
  async function* end(): AsyncGenerator<Uint8Array> {
    if (isOver) return
    await settled((done) => stream.write(held, done))
    yield* taken()
    if (!isOver) await settled(() => stream.end())
    yield* taken()
  }
  return { push, end, close: () => stream.destroy() }
}
