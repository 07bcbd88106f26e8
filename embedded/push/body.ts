import { type IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, inflate, inflateRaw } from 'node:zlib'
import { uncompressSync } from 'snappy'
import { reasonOf } from '../../service/errors.ts'
import { Refusal, tooLarge } from '../refusal.ts'

/** Bytes of bodies that are being read, all requests together, and how many there may be. */
export type InFlight = { bytes: number; readonly limitBytes: number }

const tooBusy = (): Refusal =>
  new Refusal(503, 'too many bytes are being received at once, send them again later')

const overLimit = (bytes: number, limitBytes: number): Refusal =>
  tooLarge(`message size too large than max (${bytes} vs ${limitBytes})`)

/** A body that is refused is still read, so that its client sees why; but no more of it than so many times the limit. */
const READ_ANYWAY = 4

/** The whole body of a request. Throws Refusal: 413 for one that is larger, of which nothing is kept. */
export function readBody(request: IncomingMessage, limitBytes: number, inFlight: InFlight): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const declared = Number(request.headers['content-length'] ?? 0)
    const chunks: Buffer[] = []
    let bytes = 0
    let kept = 0
    let refusal = declared > limitBytes ? overLimit(declared, limitBytes) : undefined
    const refuse = (why: Refusal) => {
      refusal = why
      chunks.length = 0
      inFlight.bytes -= kept
      kept = 0
    }
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > limitBytes * READ_ANYWAY) {
        reject(overLimit(bytes, limitBytes))
        request.pause()
      } else if (refusal === undefined && bytes > limitBytes) refuse(overLimit(bytes, limitBytes))
      else if (refusal === undefined && inFlight.bytes + chunk.length > inFlight.limitBytes) refuse(tooBusy())
      else if (refusal === undefined) {
        kept += chunk.length
        inFlight.bytes += chunk.length
        chunks.push(chunk)
      }
    })
    request.on('end', () => {
      inFlight.bytes -= kept
      kept = 0
      if (refusal !== undefined) reject(refusal)
      else resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks))
    })
    const hungUp = () => {
      inFlight.bytes -= kept
      kept = 0
      reject(new Refusal(499, 'the client hung up'))
    }
    // A server's request fails only when its client goes before the end.
    request.on('error', hungUp)
    request.on('close', hungUp)
  })
}

const gunzipped = promisify(gunzip)
const inflated = promisify(inflate)
const inflatedRaw = promisify(inflateRaw)

/** Deflate in zlib's wrapping, as HTTP has it, or bare, as Go's package and Loki's clients write it. */
const isZlib = (body: Buffer): boolean =>
  body.length >= 2 && ((body[0] ?? 0) & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0

/**
 * Undoes one compression (`gzip`, `deflate`, `snappy`; none for an empty name). Throws Refusal: 413 for
 * what would be larger than the limit, before it takes that memory; 400 for damaged data and other names.
 */
export async function decompressed(body: Buffer, encoding: string, limitBytes: number): Promise<Buffer> {
  if (encoding === '' || encoding === 'identity') return body
  if (encoding === 'snappy') return unsnapped(body, limitBytes)
  const options = { maxOutputLength: limitBytes }
  try {
    if (encoding === 'gzip') return await gunzipped(body, options)
    if (encoding === 'deflate') return await (isZlib(body) ? inflated : inflatedRaw)(body, options)
  } catch (error) {
    if (isTooLarge(error)) throw overLimit(limitBytes + 1, limitBytes)
    throw new Refusal(400, `${encoding}: ${reasonOf(error)}`)
  }
  throw new Refusal(400, `Content-Encoding "${encoding.slice(0, 40)}" not supported`)
}

const isTooLarge = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'

/** A copy of 64 bytes takes 3 in Snappy's format: nothing grows by more than that. */
const MAX_SNAPPY_RATIO = 22

function unsnapped(body: Buffer, limitBytes: number): Buffer {
  const bytes = snappyLength(body)
  if (bytes === undefined || bytes > body.length * MAX_SNAPPY_RATIO)
    throw new Refusal(400, 'snappy: corrupt input')
  if (bytes > limitBytes) throw overLimit(bytes, limitBytes)
  try {
    // On this thread, into memory that Node counts and gives back: other threads' allocators keep theirs.
    const plain = uncompressSync(body, { asBuffer: true, copyOutputData: true })
    return Buffer.isBuffer(plain) ? plain : Buffer.from(plain)
  } catch {
    throw new Refusal(400, 'snappy: corrupt input')
  }
}

/** The size that Snappy's block format tells first, as a varint of at most 32 bits. */
function snappyLength(body: Buffer): number | undefined {
  let length = 0
  for (let at = 0; at < 5; at++) {
    const byte = body[at]
    if (byte === undefined) return undefined
    length += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return length
  }
  return undefined
}
