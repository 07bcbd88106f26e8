/** What all records of a batch share, in kafkajs's words. */
export type BatchContext = {
  firstOffset: string
  firstTimestamp: string
  partitionLeaderEpoch: number
  inTransaction: boolean
  isControlBatch: boolean
  lastOffsetDelta: number
  producerId: string
  producerEpoch: number
  firstSequence: number
  maxTimestamp: string
  /** 1: Kafka's time of arrival, the batch's last time, counts for all its records. */
  timestampType: number
  magicByte: number
}

/** A record as kafkajs hands it on. The key and the value are views into the batch. */
export type DecodedRecord = {
  magicByte: number
  attributes: number
  timestamp: string
  offset: string
  key: Buffer | null
  value: Buffer | null
  headers: Record<string, Buffer | null | (Buffer | null)[]>
  isControlRecord: boolean
  batchContext: BatchContext
}

export const LOG_APPEND_TIME = 1
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
  const firstOffset = BigInt(context.firstOffset)
  const firstTimestamp = BigInt(context.firstTimestamp)
  const arrivesAtOnce = context.timestampType === LOG_APPEND_TIME && context.maxTimestamp !== ''
  const offsetOf = textOfSums(firstOffset)
  const timestampOf = textOfSums(firstTimestamp)
  const records: DecodedRecord[] = []
  for (let index = 0; index < count; index++) {
    const size = varint(cursor)
    const next = cursor.at + size
    if (size < 0 || next > bytes.length) throw new RangeError('a record ends after its batch')
    cursor.end = next
    const attributes = ((bytes[cursor.at++] as number) << 24) >> 24
    const timestampDelta = varlong(cursor)
    records.push({
      magicByte: context.magicByte,
      attributes,
      timestamp: arrivesAtOnce ? context.maxTimestamp : timestampOf(timestampDelta),
      offset: offsetOf(varint(cursor)),
      key: nullableBytes(cursor),
      value: nullableBytes(cursor),
      headers: headers(cursor),
      isControlRecord: context.isControlBatch,
      batchContext: context,
    })
    cursor.at = next
    cursor.end = bytes.length
  }
  return records
}

/** Returns a function that writes base + delta; consecutive equal ones are written once. */
function textOfSums(base: bigint): (delta: number | bigint) => string {
  const small = Number(base)
  let lastDelta: number | bigint = 0
  let lastText = String(base)
  return (delta) => {
    if (delta === lastDelta) return lastText
    const sum = small + Number(delta)
    lastDelta = delta
    lastText = String(Number.isSafeInteger(sum) && Number.isSafeInteger(small) ? sum : base + BigInt(delta))
    return lastText
  }
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

function nullableBytes(cursor: Cursor): Buffer | null {
  const length = varint(cursor)
  if (length === -1) return null
  const start = cursor.at
  cursor.at = start + length
  if (length < 0 || cursor.at > cursor.end) throw new RangeError('a field ends after its record')
  return cursor.bytes.subarray(start, cursor.at)
}

/** One for all records without: most have none, and each object made is work for the garbage collector. */
const NO_HEADERS: DecodedRecord['headers'] = Object.freeze({})

/** Headers by name; those that share one become a list. */
function headers(cursor: Cursor): DecodedRecord['headers'] {
  const count = varint(cursor)
  if (count <= 0) return NO_HEADERS
  let found: DecodedRecord['headers'] = {}
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
