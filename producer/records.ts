import { reasonOf, vigieError } from '../service/errors.ts'
import { plainText } from './unpacked.ts'

/**
 * One record as it stands in the input, not yet parsed. `number` counts from 1 within the object;
 * `keyCount` is how many keys the record's own top level has; `sizeBytes` is its whole size, also
 * when `bytes` is only the beginning of it (`problem` is then 'too_large'). `bytes` may be a view
 * into a larger buffer.
 */
export type RawRecord = {
  bytes: Uint8Array
  number: number
  keyCount: number
  problem?: 'truncated' | 'too_large'
  sizeBytes: number
}

/** How much is kept of a record that is too large: enough to recognise it by. */
const HEAD_BYTES = 4096

const [TAB, NEWLINE, RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20]
const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a]
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d]

const tableOf = (...bytes: number[]): Uint8Array => {
  const table = new Uint8Array(256)
  for (const byte of bytes) table[byte] = 1
  return table
}
const IS_SPACE = tableOf(TAB, NEWLINE, RETURN, SPACE)
const MATTERS_IN_STRING = tableOf(QUOTE, BACKSLASH, NEWLINE)
const MATTERS_OUTSIDE = tableOf(
  ...[QUOTE, COMMA, COLON, NEWLINE],
  ...[OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE],
)

/**
 * Cuts an input into its records, in order, a batch per chunk; memory stays bounded by
 * `maxRecordBytes` and the size of a chunk, whatever the input's size.
 *
 * The input is a JSON array of any layout or NDJSON, gzipped or not (told by its first bytes), with
 * or without a UTF-8 BOM; arrays may follow one another. A record larger than `maxRecordBytes` comes
 * as 'too_large' with its first 4096 bytes. When the input ends in the middle of a record, of an
 * array or of its gzip stream, the last record is 'truncated' (its bytes may be empty).
 *
 * Damage costs as few records as possible: a line break inside a string, which JSON forbids, ends
 * the string, and a `{` where a key should be begins the next record of the array.
 *
 * Throws INPUT_NOT_UTF8 for UTF-16, INPUT_NOT_A_LIST for one pretty-printed object, and
 * INPUT_GZIP_CORRUPT, after the records before the damage; errors of `chunks` pass through.
 */
export async function* splitRecords(
  chunks: AsyncIterable<Uint8Array>,
  uri: string,
  maxRecordBytes: number,
): AsyncGenerator<RawRecord[]> {
  const scanner = recordScanner(uri, maxRecordBytes)
  let gzipIsCutOff = false
  try {
    for await (const text of plainText(chunks, uri)) {
      const records = scanner.push(text)
      if (records.length > 0) yield records
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (!code?.startsWith('Z_')) throw error
    const details = { uri, records: scanner.count(), problem: reasonOf(error) }
    // This one means only that more input was expected.
    if (code !== 'Z_BUF_ERROR') throw vigieError('INPUT_GZIP_CORRUPT', details, error)
    gzipIsCutOff = true
  }
  const rest = scanner.end(gzipIsCutOff)
  if (rest.length > 0) yield rest
}

/** Where the scan stands between two bytes. `place` 'between' is before the first array or after one. */
type Scan = {
  place: 'between' | 'array' | 'lines'
  isOpen: boolean
  inString: boolean
  isEscaped: boolean
  depth: number
  /** One bit a level, the innermost lowest: 1 for an object, 0 for an array. */
  kinds: number
  awaitsKey: boolean
  keyCount: number
}

/** What a byte means for the open record. */
type Step = 'goes on' | 'ended before' | 'ends here'

/** The scanner of one input: it is told the chunks, then the end, and answers with the records. */
function recordScanner(uri: string, maxRecordBytes: number) {
  const scan: Scan = {
    place: 'between',
    isOpen: false,
    inString: false,
    isEscaped: false,
    depth: 0,
    kinds: 0,
    awaitsKey: false,
    keyCount: 0,
  }
  const assembly = recordAssembler(maxRecordBytes)
  let count = 0

  const finish = (piece: Uint8Array, problem?: 'truncated'): RawRecord => {
    const record = assembly.finish(piece, ++count, scan.keyCount, problem)
    scan.isOpen = false
    return record
  }

  const push = (chunk: Uint8Array): RawRecord[] => {
    const records: RawRecord[] = []
    let at = 0
    let start = 0
    for (;;) {
      if (!scan.isOpen) {
        start = recordStart(scan, chunk, at)
        if (start === chunk.length) break
        at = begin(scan, chunk[start]) + start
      }
      at = nextThatMatters(scan, chunk, at)
      if (at === chunk.length) break
      const step = stepOf(scan, chunk[at])
      if (step !== 'ended before') at++
      if (step === 'goes on') continue
      const record = finish(chunk.subarray(start, at))
      if (count === 1 && scan.place === 'lines' && record.sizeBytes === 1 && record.bytes[0] === OPEN_BRACE)
        throw vigieError('INPUT_NOT_A_LIST', { uri })
      records.push(record)
    }
    if (scan.isOpen) assembly.carry(chunk.subarray(start))
    return records
  }

  const end = (isCutOff: boolean): RawRecord[] => {
    const records: RawRecord[] = []
    const nothing = new Uint8Array(0)
    let lacksEnd = isCutOff || scan.place === 'array'
    if (scan.isOpen) {
      const isCut = scan.place === 'array' || scan.depth > 0 || scan.inString
      records.push(finish(nothing, isCut ? 'truncated' : undefined))
      if (isCut) lacksEnd = false
    }
    scan.keyCount = 0
    if (lacksEnd) records.push(finish(nothing, 'truncated'))
    return records
  }
  return { push, end, count: () => count }
}

/** Where the next record starts, past the white space and the commas and brackets between records. */
function recordStart(scan: Scan, chunk: Uint8Array, from: number): number {
  let at = from
  for (; at < chunk.length; at++) {
    const byte = chunk[at]
    if (IS_SPACE[byte as number] === 1) continue
    if (scan.place === 'array') {
      if (byte === COMMA) continue
      if (byte !== CLOSE_BRACKET) return at
      scan.place = 'between'
    } else if (scan.place === 'between' && byte === OPEN_BRACKET) {
      scan.place = 'array'
    } else {
      scan.place = 'lines'
      return at
    }
  }
  return at
}

/** Opens a record at its first byte and returns how many bytes that has used up. */
function begin(scan: Scan, byte: number | undefined): number {
  const isObject = byte === OPEN_BRACE
  const isNested = isObject || byte === OPEN_BRACKET
  scan.isOpen = true
  scan.inString = false
  scan.isEscaped = false
  scan.depth = isNested ? 1 : 0
  scan.kinds = isObject ? 1 : 0
  scan.awaitsKey = isObject
  scan.keyCount = 0
  return isNested ? 1 : 0
}

function nextThatMatters(scan: Scan, chunk: Uint8Array, from: number): number {
  let at = from
  if (scan.isEscaped && at < chunk.length) {
    scan.isEscaped = false
    if (chunk[at] !== NEWLINE) at++
  }
  const matters = scan.inString ? MATTERS_IN_STRING : MATTERS_OUTSIDE
  while (at < chunk.length && matters[chunk[at] as number] === 0) at++
  return at
}

/** What a byte of an open record means for it; keeps track of strings and nesting. */
function stepOf(scan: Scan, byte: number | undefined): Step {
  if (byte === NEWLINE) return atNewline(scan)
  if (byte === QUOTE) {
    scan.inString = !scan.inString
    scan.awaitsKey = false
  } else if (byte === BACKSLASH) scan.isEscaped = true
  else if (byte === COLON) {
    if (scan.depth === 1) scan.keyCount++
  } else if (byte === COMMA) {
    if (scan.depth === 0 && scan.place === 'array') return 'ended before'
    scan.awaitsKey = true
  } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) return atOpening(scan, byte === OPEN_BRACE)
  else return atClosing(scan, byte === CLOSE_BRACE)
  return 'goes on'
}

function atNewline(scan: Scan): Step {
  const endsRecord = scan.place === 'lines' || scan.depth === 0
  if (endsRecord) return 'ended before'
  if (scan.inString) scan.awaitsKey = true
  scan.inString = false
  return 'goes on'
}

function atOpening(scan: Scan, isObject: boolean): Step {
  if (scan.place === 'array') {
    const lacksKey = isObject && scan.awaitsKey && (scan.kinds & 1) === 1
    if (lacksKey || scan.depth === 0) return 'ended before'
  }
  scan.depth++
  scan.kinds = (scan.kinds << 1) | (isObject ? 1 : 0)
  scan.awaitsKey = isObject
  return 'goes on'
}

function atClosing(scan: Scan, isBrace: boolean): Step {
  const lacksKey = scan.awaitsKey
  scan.awaitsKey = false
  if (scan.place === 'array' && !isBrace) {
    if (scan.depth === 0) return 'ended before'
    // A `]` that closes nothing: where a key should be it is the end of the whole array.
    if ((scan.kinds & 1) === 1) return lacksKey ? 'ended before' : 'goes on'
  }
  if (scan.depth === 0) return 'goes on'
  scan.depth--
  scan.kinds >>>= 1
  return scan.depth === 0 && scan.place === 'array' ? 'ends here' : 'goes on'
}

/** Puts records together from pieces, and keeps no more than their head of those that are too large. */
function recordAssembler(maxRecordBytes: number) {
  let pieces: Uint8Array[] = []
  let sizeBytes = 0

  const carry = (piece: Uint8Array): void => {
    pieces.push(piece)
    sizeBytes += piece.length
    if (sizeBytes <= maxRecordBytes) return
    const keptBytes = pieces.reduce((sum, each) => sum + each.length, 0)
    pieces = [Buffer.concat(pieces, Math.min(HEAD_BYTES, keptBytes))]
  }

  const finish = (piece: Uint8Array, number: number, keyCount: number, problem?: 'truncated'): RawRecord => {
    carry(piece)
    const kept = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
    const isTooLarge = sizeBytes > maxRecordBytes
    const bytes = isTooLarge ? kept : withoutSpaceAtEnd(kept)
    const record: RawRecord = { bytes, number, keyCount, sizeBytes: isTooLarge ? sizeBytes : bytes.length }
    if (problem !== undefined || isTooLarge) record.problem = problem ?? 'too_large'
    pieces = []
    sizeBytes = 0
    return record
  }
  return { carry, finish }
}

function withoutSpaceAtEnd(bytes: Uint8Array): Uint8Array {
  let end = bytes.length
  while (end > 0 && IS_SPACE[bytes[end - 1] as number] === 1) end--
  return end === bytes.length ? bytes : bytes.subarray(0, end)
}
