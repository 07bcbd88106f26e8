import { crc32c } from '../../../kafka/kafkajs.ts'

/** A record of a batch by hand, so that offsets may have gaps, as compaction leaves them. */
export type Parts = { offsetDelta?: number; key?: Buffer | null; value: Buffer | string | null }
export type Head = {
  firstOffset: number
  attributes: number
  lastOffsetDelta: number
  firstTimestamp: number
  maxTimestamp: number
  producerId: number
}

function varint(value: number): Buffer {
  let rest = value >= 0 ? value * 2 : value * -2 - 1
  const bytes: number[] = []
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return Buffer.from([...bytes, rest])
}

function field(value: Buffer | string | null | undefined): Buffer {
  if (value === null || value === undefined) return varint(-1)
  const bytes = Buffer.from(value)
  return Buffer.concat([varint(bytes.length), bytes])
}

/** Records in Kafka's format v2, uncompressed. */
export const encodeRecords = (records: readonly Parts[]): Buffer =>
  Buffer.concat(
    records.flatMap(({ offsetDelta = 0, key, value }) => {
      const body = Buffer.concat([
        Buffer.from([0]),
        varint(0),
        varint(offsetDelta),
        field(key),
        field(value),
        varint(0),
      ])
      return [varint(body.length), body]
    }),
  )

/** A batch around so many records, compressed or not. */
export function encodeBatch(head: Head, count: number, records: Buffer): Buffer {
  const bytes = Buffer.alloc(61 + records.length)
  bytes.writeBigInt64BE(BigInt(head.firstOffset), 0)
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeInt8(2, 16)
  bytes.writeInt16BE(head.attributes, 21)
  bytes.writeInt32BE(head.lastOffsetDelta, 23)
  bytes.writeBigInt64BE(BigInt(head.firstTimestamp), 27)
  bytes.writeBigInt64BE(BigInt(head.maxTimestamp), 35)
  bytes.writeBigInt64BE(BigInt(head.producerId), 43)
  bytes.writeInt32BE(count, 57)
  records.copy(bytes, 61)
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17)
  return bytes
}
