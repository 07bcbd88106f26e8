import { crc32 } from 'node:zlib'
import { type Labels } from '../../logql/source.ts'
import { labelsOfPairs } from './lines.ts'
import { type NewEntry } from './store.ts'

/**
 * A record of the log: [mark, length of the payload, CRC-32 of the payload, CRC-32 of these 12 bytes], the
 * payload. Both checksums start from the log's own random number: no line that somebody pushes can look like
 * a record, and what an earlier file left on the disk cannot either.
 */
export const RECORD_HEADER_BYTES = 16
const MARK = Buffer.from('VgRc')
const ENTRY_HEADER_BYTES = 20
const FIRST_BYTES = 64 * 1024
/** A larger buffer, which a large push made, is not kept. */
const MOST_KEPT_BYTES = 8 * 1024 * 1024

/** A push as it goes into the log, built up in one buffer that is used again for the next. */
export type LogRecord = { bytes: Buffer; view: DataView; length: number }

/** A buffer for records. */
export const createRecord = (): LogRecord => withBytes(Buffer.allocUnsafeSlow(FIRST_BYTES), 0)

const withBytes = (bytes: Buffer, length: number): LogRecord => ({
  bytes,
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
  length,
})

/** Begins a push of a tenant. */
export function startRecord(record: LogRecord, tenant: string): void {
  if (record.bytes.length > MOST_KEPT_BYTES) Object.assign(record, createRecord())
  record.length = RECORD_HEADER_BYTES
  putBytes(record, Buffer.from(tenant))
}

/** Begins a stream; its entries follow, then `endStream` with what this returns. */
export function startStream(record: LogRecord, definition: Buffer): number {
  putBytes(record, definition)
  reserve(record, 4)
  record.length += 4
  return record.length - 4
}

/** Ends the stream that began there, with the number of its entries. */
export function endStream(record: LogRecord, at: number, entries: number): void {
  record.view.setUint32(at, entries, true)
}

/** Adds an entry; `metadata` is what `metadataText` wrote. */
export function putEntry(record: LogRecord, entry: NewEntry, metadata: string): void {
  const { seconds, nanos, line } = entry
  const metadataBytes = metadata === '' ? 0 : Buffer.byteLength(metadata)
  reserve(record, ENTRY_HEADER_BYTES + line.length + metadataBytes)
  const { bytes, view, length } = record
  view.setFloat64(length, seconds, true)
  view.setUint32(length + 8, nanos, true)
  view.setUint32(length + 12, line.length, true)
  view.setUint32(length + 16, metadataBytes, true)
  const end = length + ENTRY_HEADER_BYTES + line.copy(bytes, length + ENTRY_HEADER_BYTES)
  if (metadataBytes > 0) bytes.write(metadata, end)
  record.length = end + metadataBytes
}

/** The whole record with its header, for a log with that random number. */
export function finishRecord({ bytes, view, length }: LogRecord, salt: number): Buffer {
  MARK.copy(bytes)
  view.setUint32(4, length - RECORD_HEADER_BYTES, true)
  view.setUint32(8, crc32(bytes.subarray(RECORD_HEADER_BYTES, length), salt), true)
  view.setUint32(12, crc32(bytes.subarray(0, 12), salt), true)
  return bytes.subarray(0, length)
}

function putBytes(record: LogRecord, bytes: Buffer): void {
  reserve(record, 4 + bytes.length)
  record.view.setUint32(record.length, bytes.length, true)
  record.length += 4 + bytes.copy(record.bytes, record.length + 4)
}

function reserve(record: LogRecord, bytes: number): void {
  const needed = record.length + bytes
  if (needed <= record.bytes.length) return
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * record.bytes.length))
  record.bytes.copy(larger, 0, 0, record.length)
  Object.assign(record, withBytes(larger, record.length))
}

/** Whether a header stands there that was written with that random number. */
const isHeader = (bytes: Buffer, at: number, salt: number): boolean =>
  at + RECORD_HEADER_BYTES <= bytes.length &&
  bytes.readUInt32LE(at + 12) === crc32(bytes.subarray(at, at + 12), salt)

/** The payload of the record that stands there; undefined when there is no whole and sound one. */
export function payloadAt(bytes: Buffer, at: number, salt: number): Buffer | undefined {
  if (!isHeader(bytes, at, salt)) return undefined
  const from = at + RECORD_HEADER_BYTES
  const to = from + bytes.readUInt32LE(at + 4)
  if (to > bytes.length) return undefined
  const payload = bytes.subarray(from, to)
  return bytes.readUInt32LE(at + 8) === crc32(payload, salt) ? payload : undefined
}

/** Whether a record begins somewhere after `from`. */
export function hasRecordAfter(bytes: Buffer, from: number, salt: number): boolean {
  for (let at = bytes.indexOf(MARK, from + 1); at !== -1; at = bytes.indexOf(MARK, at + 1))
    if (isHeader(bytes, at, salt)) return true
  return false
}

/** A stream as a log and a segment name it. */
export type Definition = { key: string; labels: Labels }

/** A stream's name and labels as bytes: a JSON array of its key, and its labels' names and values. */
export const definitionBytes = ({ key, labels }: Definition): Buffer =>
  Buffer.from(JSON.stringify([key, ...[...labels].flat()]))

/** What `definitionBytes` wrote. */
export function definitionOf(bytes: Buffer): Definition {
  const [key, ...pairs] = JSON.parse(bytes.toString()) as [string, ...string[]]
  return { key, labels: labelsOfPairs(pairs) }
}

/** An entry of a record; `metadata` is what `metadataText` wrote. */
export type LoggedEntry = Omit<NewEntry, 'metadata'> & { metadata: string }

/** Reads a push: its tenant, and its streams by `onStream`, which gives what takes the stream's entries. */
export function readRecord(
  payload: Buffer,
  onStream: (tenant: string, definition: Buffer) => (entry: LoggedEntry) => void,
): void {
  let at = 0
  const bytes = () => {
    const from = at + 4
    at = from + payload.readUInt32LE(at)
    return payload.subarray(from, at)
  }
  const tenant = bytes().toString()
  while (at < payload.length) {
    const onEntry = onStream(tenant, bytes())
    const entries = payload.readUInt32LE(at)
    at += 4
    for (let index = 0; index < entries; index++) {
      const from = at + ENTRY_HEADER_BYTES
      const lineEnd = from + payload.readUInt32LE(at + 12)
      const end = lineEnd + payload.readUInt32LE(at + 16)
      const seconds = payload.readDoubleLE(at)
      const nanos = payload.readUInt32LE(at + 8)
      const metadata = payload.toString('utf8', lineEnd, end)
      onEntry({ seconds, nanos, line: payload.subarray(from, lineEnd), metadata })
      at = end
    }
  }
}
