/** A record as kafkajs passes it: keys, values and headers are buffers or text. */
export type RecordParts = {
  offsetDelta?: number
  timestampDelta?: number
  key?: Buffer | string | null
  value: Buffer | string | null
  headers?: Record<string, Buffer | string | (Buffer | string)[]>
}

type Bytes = Buffer | string | null | undefined

const zigZag = (value: number): number => (value >= 0 ? value * 2 : value * -2 - 1)

function varintSize(value: number): number {
  let size = 1
  for (let rest = zigZag(value); rest >= 0x80; rest = Math.floor(rest / 0x80)) size++
  return size
}

function writeVarint(target: Buffer, at: number, value: number): number {
  let rest = zigZag(value)
  let position = at
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) target[position++] = (rest % 0x80) | 0x80
  target[position++] = rest
  return position
}

const byteLength = (value: Buffer | string): number =>
  typeof value === 'string' ? Buffer.byteLength(value) : value.length

function bytesSize(value: Bytes): number {
  if (value === null || value === undefined) return varintSize(-1)
  const length = byteLength(value)
  return varintSize(length) + length
}

function writeBytes(target: Buffer, at: number, value: Bytes): number {
  if (value === null || value === undefined) return writeVarint(target, at, -1)
  const length = byteLength(value)
  const start = writeVarint(target, at, length)
  if (typeof value === 'string') target.write(value, start, length)
  else value.copy(target, start)
  return start + length
}

const NO_HEADERS: readonly (readonly [string, Buffer | string])[] = []

const headerPairs = (headers: RecordParts['headers']) =>
  headers === undefined
    ? NO_HEADERS
    : Object.entries(headers).flatMap(([name, values]) =>
        (Array.isArray(values) ? values : [values]).map((value) => [name, value] as const),
      )

/** The size of a record behind its own length, which stands before it as a varint. */
function bodySize({ offsetDelta = 0, timestampDelta = 0, key, value, headers }: RecordParts): number {
  const pairs = headerPairs(headers)
  let size = 1 + varintSize(timestampDelta) + varintSize(offsetDelta) + bytesSize(key) + bytesSize(value)
  size += varintSize(pairs.length)
  for (const [name, content] of pairs) size += bytesSize(name) + bytesSize(content)
  return size
}

function writeRecord(target: Buffer, start: number, size: number, parts: RecordParts): number {
  const { offsetDelta = 0, timestampDelta = 0, key, value, headers } = parts
  const pairs = headerPairs(headers)
  let at = writeVarint(target, start, size)
  target[at++] = 0 // Attributes: none are defined.
  at = writeVarint(target, at, timestampDelta)
  at = writeVarint(target, at, offsetDelta)
  at = writeBytes(target, at, key)
  at = writeBytes(target, at, value)
  at = writeVarint(target, at, pairs.length)
  for (const [name, content] of pairs) at = writeBytes(target, writeBytes(target, at, name), content)
  return at
}

/** Records of one batch (Kafka's record format v2) in one buffer of exactly their size. Pure. */
export function encodeRecords(records: readonly RecordParts[]): Buffer {
  const sizes = records.map(bodySize)
  const target = Buffer.allocUnsafe(sizes.reduce((total, size) => total + varintSize(size) + size, 0))
  let at = 0
  records.forEach((parts, index) => {
    at = writeRecord(target, at, sizes[index] ?? 0, parts)
  })
  return target
}

/** What stands before the records; 64-bit numbers come as numbers, text, or kafkajs's Long. */
export type BatchHead = {
  firstOffset: unknown
  partitionLeaderEpoch: number
  attributes: number
  lastOffsetDelta: number
  firstTimestamp: unknown
  maxTimestamp: unknown
  producerId: unknown
  producerEpoch: number
  firstSequence: number
}

/** Bytes of a batch before its records, and where the part that the checksum is over begins. */
const HEAD_BYTES = 61
const CHECKED_FROM = 21
const MAGIC = 2

const int64 = (value: unknown): bigint => BigInt(String(value))

/** A whole batch around records that are compressed already. Pure. */
export function encodeBatch(
  head: BatchHead,
  recordCount: number,
  records: Uint8Array,
  crc32c: (bytes: Buffer) => number,
): Buffer {
  const target = Buffer.allocUnsafe(HEAD_BYTES + records.byteLength)
  let at = target.writeBigInt64BE(int64(head.firstOffset), 0)
  at = target.writeInt32BE(target.length - 12, at)
  at = target.writeInt32BE(head.partitionLeaderEpoch, at)
  at = target.writeInt8(MAGIC, at)
  at = target.writeInt16BE(head.attributes, CHECKED_FROM)
  at = target.writeInt32BE(head.lastOffsetDelta, at)
  at = target.writeBigInt64BE(int64(head.firstTimestamp), at)
  at = target.writeBigInt64BE(int64(head.maxTimestamp), at)
  at = target.writeBigInt64BE(int64(head.producerId), at)
  at = target.writeInt16BE(head.producerEpoch, at)
  at = target.writeInt32BE(head.firstSequence, at)
  at = target.writeInt32BE(recordCount, at)
  target.set(records, at)
  target.writeUInt32BE(crc32c(target.subarray(CHECKED_FROM)), CHECKED_FROM - 4)
  return target
}
