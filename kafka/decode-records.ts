import { type BatchContext, batchOf, DecodedRecord } from './decoded-record.ts'
import { type RecordHeaders } from './headers.ts'

const MORE = 0x80
const BITS = 0x7f
/** As long as a varint fits a JavaScript number: seven times seven bits. */
const NUMBER_BYTES = 7
/** An int64 takes ten bytes at most. */
const MAX_VARINT_BYTES = 10

/** Where the decoder stands in the records of a batch. */
type Cursor = { bytes: Buffer; at: number; end: number }

/**
 * Decodes so many records of a batch (Kafka's record format v2), uncompressed. Pure. Throws RangeError for bytes
 * that end too early.
 */
export function decodeRecords(bytes: Buffer, count: number, context: BatchContext): DecodedRecord[] {
  const cursor: Cursor = { bytes, at: 0, end: bytes.length }
  const batch = batchOf(bytes, context)
  const records: DecodedRecord[] = []
  for (let index = 0; index < count; index++) {
    const size = varint(cursor)
    const next = cursor.at + size
    if (size < 0 || next > bytes.length) throw new RangeError('a record ends after its batch')
    cursor.end = next
    const attributes = ((bytes[cursor.at++] as number) << 24) >> 24
    const timestampDelta = varlong(cursor)
    const offsetDelta = varint(cursor)
    const keyLength = fieldLength(cursor)
    const keyStart = cursor.at - Math.max(0, keyLength)
    const valueLength = fieldLength(cursor)
    const valueStart = cursor.at - Math.max(0, valueLength)
    records.push(
      new DecodedRecord(
        batch,
        attributes,
        timestampDelta,
        offsetDelta,
        keyStart,
        keyLength,
        valueStart,
        valueLength,
        headers(cursor),
      ),
    )
    cursor.at = next
    cursor.end = bytes.length
  }
  return records
}

const unZigZag = (value: number): number => (value >>> 1) ^ -(value & 1)

/** A signed 32-bit number in zigzag. */
function varint(cursor: Cursor): number {
  const { bytes } = cursor
  let byte = bytes[cursor.at++] as number
  if (byte < MORE) return unZigZag(byte)
  let value = byte & BITS
  for (let shift = 7; byte >= MORE; shift += 7) {
    byte = bytes[cursor.at++] as number
    value |= (byte & BITS) << shift
  }
  return unZigZag(value)
}

/** A signed 64-bit number in zigzag; a bigint where a number may not hold it. */
function varlong(cursor: Cursor): number | bigint {
  const start = cursor.at
  let value = 0
  for (let factor = 1; cursor.at - start < NUMBER_BYTES; factor *= MORE) {
    const byte = cursor.bytes[cursor.at++] as number
    value += (byte & BITS) * factor
    if (!(byte >= MORE)) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
  cursor.at = start
  return longVarlong(cursor)
}

function longVarlong(cursor: Cursor): bigint {
  let value = 0n
  for (let index = 0; index < MAX_VARINT_BYTES; index++) {
    const byte = cursor.bytes[cursor.at++] as number
    value |= BigInt(byte & BITS) << BigInt(7 * index)
    if (!(byte >= MORE)) {
      const raw = BigInt.asUintN(64, value)
      return BigInt.asIntN(64, (raw >> 1n) ^ -(raw & 1n))
    }
  }
  throw new RangeError('a 64-bit number takes more than 10 bytes')
}

/** The length of a field, -1 when it is null; the cursor is behind the field then. */
function fieldLength(cursor: Cursor): number {
  const length = varint(cursor)
  if (length === -1) return length
  cursor.at += length
  if (length < 0 || cursor.at > cursor.end) throw new RangeError('a field ends after its record')
  return length
}

function nullableBytes(cursor: Cursor): Buffer | null {
  const length = fieldLength(cursor)
  return length === -1 ? null : cursor.bytes.subarray(cursor.at - length, cursor.at)
}

/** One for all records without: most have none, and each object made is work for the garbage collector. */
const NO_HEADERS: RecordHeaders = Object.freeze({})

/** Headers by name; those that share one become a list. */
function headers(cursor: Cursor): RecordHeaders {
  const count = varint(cursor)
  if (count <= 0) return NO_HEADERS
  let found: RecordHeaders = {}
  for (let index = 0; index < count; index++) {
    const name = String(nullableBytes(cursor))
    const value = nullableBytes(cursor)
    const before = found[name]
    const values = Array.isArray(before) ? [...before, value] : before === undefined ? value : [before, value]
    // Not an assignment: a header may be called __proto__.
    found = { ...found, [name]: values }
  }
  return found
}
