type Header = Buffer | string
/** A record's content: keys, values and headers are buffers or text. */
export type RecordParts = {
  key?: Buffer | string | null
  value: Buffer | string | null
  headers?: Readonly<Record<string, Header | readonly Header[] | undefined>>
}

/** Records of one batch (Kafka's record format v2), encoded one after the other: the first `length` of `bytes`. */
export type EncodedRecords = {
  bytes: Buffer
  length: number
  count: number
  firstTimestampMs: number
  maxTimestampMs: number
}

/** `expectedBytes` saves copying; there is room for more. */
export const noRecords = (expectedBytes: number): EncodedRecords => ({
  bytes: Buffer.allocUnsafeSlow(expectedBytes),
  length: 0,
  count: 0,
  firstTimestampMs: 0,
  maxTimestampMs: 0,
})

type Bytes = Buffer | string | null | undefined

const zigZag = (value: number): number => (value >= 0 ? value * 2 : value * -2 - 1)

/** Most numbers of a record are small and take one or two bytes: for those there is a shorter way. */
const [ONE_BYTE, TWO_BYTES] = [0x80, 0x4000]

function varintSize(value: number): number {
  let rest = zigZag(value)
  if (rest < ONE_BYTE) return 1
  let size = 1
  for (; rest >= ONE_BYTE; rest = Math.floor(rest / ONE_BYTE)) size++
  return size
}

function writeVarint(target: Buffer, at: number, value: number): number {
  let rest = zigZag(value)
  if (rest < ONE_BYTE) {
    target[at] = rest
    return at + 1
  }
  if (rest < TWO_BYTES) {
    target[at] = (rest & 0x7f) | ONE_BYTE
    target[at + 1] = rest >>> 7
    return at + 2
  }
  let position = at
  for (; rest >= ONE_BYTE; rest = Math.floor(rest / ONE_BYTE))
    target[position++] = (rest % ONE_BYTE) | ONE_BYTE
  target[position++] = rest
  return position
}

/** -1 for null, as the format writes it. */
const lengthOf = (value: Bytes): number =>
  value === null || value === undefined
    ? -1
    : typeof value === 'string'
      ? Buffer.byteLength(value)
      : value.length

const sizeOf = (length: number): number => varintSize(length) + Math.max(0, length)

function writeBytes(target: Buffer, at: number, value: Bytes, length: number): number {
  const start = writeVarint(target, at, length)
  if (value === null || value === undefined) return start
  // As many bytes as characters: all of them are ASCII, which this writes in half of the time.
  if (typeof value === 'string')
    target.write(value, start, length, value.length === length ? 'latin1' : 'utf8')
  else value.copy(target, start)
  return start + length
}

type Pair = readonly [string, Header]
const NO_HEADERS: readonly Pair[] = []
const isOne = (values: Header | readonly Header[]): values is Header =>
  typeof values === 'string' || Buffer.isBuffer(values)

const headerPairs = (headers: RecordParts['headers']): readonly Pair[] =>
  headers === undefined
    ? NO_HEADERS
    : Object.entries(headers).flatMap(([name, values = []]) =>
        isOne(values) ? [[name, values] as const] : values.map((value) => [name, value] as const),
      )

/**
 * Adds a record. Returns false and adds nothing when the records would then take more than `maxBytes`; the
 * first is added whatever its size.
 */
export function append(
  records: EncodedRecords,
  parts: RecordParts,
  timestampMs: number,
  maxBytes: number,
): boolean {
  const { key, value } = parts
  const timestampDelta = records.count === 0 ? 0 : timestampMs - records.firstTimestampMs
  const pairs = headerPairs(parts.headers)
  const keyLength = lengthOf(key)
  const valueLength = lengthOf(value)
  let bodySize = 1 + varintSize(timestampDelta) + varintSize(records.count)
  bodySize += sizeOf(keyLength) + sizeOf(valueLength) + varintSize(pairs.length)
  for (const [name, content] of pairs) bodySize += sizeOf(lengthOf(name)) + sizeOf(lengthOf(content))
  const size = varintSize(bodySize) + bodySize
  if (records.count > 0 && records.length + size > maxBytes) return false

  const target = withRoom(records, size)
  let at = writeVarint(target, records.length, bodySize)
  target[at++] = 0 // Attributes: none are defined.
  at = writeVarint(target, at, timestampDelta)
  at = writeVarint(target, at, records.count)
  at = writeBytes(target, at, key, keyLength)
  at = writeBytes(target, at, value, valueLength)
  at = writeVarint(target, at, pairs.length)
  for (const [name, content] of pairs)
    at = writeBytes(target, writeBytes(target, at, name, lengthOf(name)), content, lengthOf(content))

  if (records.count === 0) records.firstTimestampMs = timestampMs
  if (records.count === 0 || timestampMs > records.maxTimestampMs) records.maxTimestampMs = timestampMs
  records.length = at
  records.count++
  return true
}

function withRoom(records: EncodedRecords, size: number): Buffer {
  const needed = records.length + size
  if (needed <= records.bytes.length) return records.bytes
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, records.bytes.length * 2))
  records.bytes.copy(larger, 0, 0, records.length)
  records.bytes = larger
  return larger
}

/** What stands before the records of a batch that a producer writes. */
export type BatchHead = {
  /** The codec in the lowest three bits, and `TRANSACTIONAL`. */
  attributes: number
  count: number
  firstTimestampMs: number
  maxTimestampMs: number
  producerId: bigint
  producerEpoch: number
  firstSequence: number
}
/** The bit of the attributes for a batch that belongs to a transaction. */
export const TRANSACTIONAL = 0x10

/** Bytes of a batch before its records, and where the part that the checksum is over begins. */
export const BATCH_HEAD_BYTES = 61
const CHECKED_FROM = 21
/** What the batch's own length does not count: its offset and the length itself. */
const UNCOUNTED_BYTES = 12
const MAGIC = 2

/** A whole batch around records that are compressed already. Pure. */
export function encodeBatch(head: BatchHead, records: Uint8Array, crc32c: (bytes: Buffer) => number): Buffer {
  const target = Buffer.allocUnsafe(BATCH_HEAD_BYTES + records.byteLength)
  let at = target.writeBigInt64BE(0n, 0)
  at = target.writeInt32BE(target.length - UNCOUNTED_BYTES, at)
  at = target.writeInt32BE(0, at)
  at = target.writeInt8(MAGIC, at)
  at = target.writeInt16BE(head.attributes, CHECKED_FROM)
  at = target.writeInt32BE(head.count - 1, at)
  at = target.writeBigInt64BE(BigInt(head.firstTimestampMs), at)
  at = target.writeBigInt64BE(BigInt(head.maxTimestampMs), at)
  at = target.writeBigInt64BE(head.producerId, at)
  at = target.writeInt16BE(head.producerEpoch, at)
  at = target.writeInt32BE(head.firstSequence, at)
  at = target.writeInt32BE(head.count, at)
  target.set(records, at)
  target.writeUInt32BE(crc32c(target.subarray(CHECKED_FROM)), CHECKED_FROM - 4)
  return target
}
