import { decompress } from '../codecs.ts'
import { decodeRecords } from '../decode-records.ts'
import { type BatchContext, type DecodedRecord, LOG_APPEND_TIME, recordOf } from '../decoded-record.ts'
import { Decoder, oldMessages } from '../kafkajs.ts'
import { type AbortedTransaction } from './decode-fetch.ts'

/** The records of a fetch, and the offset that the next one begins at. */
export type Batches = { records: readonly DecodedRecord[]; nextOffset: number }

/** A batch whose records cannot be read, for example since it is damaged. */
export class UnreadableBatch extends Error {
  readonly offset: number
  readonly nextOffset: number
  constructor(problem: unknown, offset: number, nextOffset: number) {
    super(`the records from offset ${offset} to ${nextOffset - 1} cannot be read: ${problem}`)
    this.name = 'UnreadableBatch'
    this.offset = offset
    this.nextOffset = nextOffset
  }
}

/** Bytes of a batch's head (DefaultRecordBatch), and where things stand in it. */
const HEAD_BYTES = 61
const [LENGTH_AT, MAGIC_AT, ATTRIBUTES_AT, LAST_DELTA_AT, FIRST_TIME_AT, MAX_TIME_AT, PRODUCER_AT] = [
  8, 16, 21, 23, 27, 35, 43,
]
const COUNT_AT = 57
const LENGTH_FROM = 12
const MAGIC = 2
/** Kafka's attribute bits. */
const [TIMESTAMP_TYPE, TRANSACTIONAL, CONTROL] = [0x08, 0x10, 0x20]

/**
 * Reads the committed records from `offset` on out of the bytes of a fetch. A batch that the fetch ends within is
 * left for the next one. Throws UnreadableBatch when the first batch cannot be read; when a later one cannot, those
 * before it are returned.
 */
export async function decodeBatches(
  bytes: Buffer,
  offset: number,
  aborted: readonly AbortedTransaction[],
): Promise<Batches> {
  if (bytes.length > MAGIC_AT && bytes.readInt8(MAGIC_AT) < MAGIC) return decodeOld(bytes, offset)
  const isAborted = abortedFilter(aborted)
  const all: DecodedRecord[][] = []
  let nextOffset = offset
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const end = at + LENGTH_FROM + bytes.readInt32BE(at + LENGTH_AT)
    if (end > bytes.length) break
    const firstOffset = Number(bytes.readBigInt64BE(at))
    const behind = firstOffset + bytes.readInt32BE(at + LAST_DELTA_AT) + 1
    try {
      if (end < at + HEAD_BYTES) throw new RangeError(`a batch of ${end - at} bytes`)
      if (behind > offset) {
        const batch = bytes.subarray(at, end)
        const records = recordsOf(batch, firstOffset, isAborted)
        all.push(firstOffset >= offset ? records : records.filter((each) => each.offsetNumber >= offset))
        nextOffset = behind
      }
    } catch (error) {
      if (all.length === 0)
        throw new UnreadableBatch(error, Math.max(firstOffset, offset), Math.max(behind, offset + 1))
      break
    }
    at = end
  }
  return { records: all.length === 1 ? (all[0] as DecodedRecord[]) : all.flat(), nextOffset }
}

const NONE: DecodedRecord[] = []

function recordsOf(
  batch: Buffer,
  firstOffset: number,
  isAborted: (batch: Buffer, firstOffset: number) => boolean,
): DecodedRecord[] {
  const attributes = batch.readInt16BE(ATTRIBUTES_AT)
  const count = batch.readInt32BE(COUNT_AT)
  // Also asked for the markers of transactions, which end what it remembers.
  if (isAborted(batch, firstOffset) || (attributes & CONTROL) !== 0 || count <= 0) return NONE
  const context: BatchContext = {
    firstOffset: String(firstOffset),
    firstTimestamp: String(batch.readBigInt64BE(FIRST_TIME_AT)),
    maxTimestamp: String(batch.readBigInt64BE(MAX_TIME_AT)),
    timestampType: (attributes & TIMESTAMP_TYPE) === 0 ? 0 : LOG_APPEND_TIME,
  }
  return decodeRecords(decompress(batch.subarray(HEAD_BYTES), attributes), count, context)
}

/**
 * Returns what tells whether a batch belongs to an aborted transaction, as Kafka's own client does: asked of the
 * batches of a fetch in their order.
 */
function abortedFilter(aborted: readonly AbortedTransaction[]) {
  if (aborted.length === 0) return () => false
  const upcoming = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  const aborting = new Set<bigint>()
  let begun = 0
  return (batch: Buffer, firstOffset: number): boolean => {
    const last = firstOffset + batch.readInt32BE(LAST_DELTA_AT)
    for (let next = upcoming[begun]; next && next.firstOffset <= last; next = upcoming[++begun])
      aborting.add(next.producerId)
    const attributes = batch.readInt16BE(ATTRIBUTES_AT)
    const producerId = batch.readBigInt64BE(PRODUCER_AT)
    if ((attributes & CONTROL) !== 0) {
      if (isAbortMarker(batch)) aborting.delete(producerId)
      return false
    }
    return (attributes & TRANSACTIONAL) !== 0 && aborting.has(producerId)
  }
}

/** A control record's key: version and type, two int16 each; type 0 ends an aborted transaction. */
function isAbortMarker(batch: Buffer): boolean {
  const context: BatchContext = { firstOffset: '0', firstTimestamp: '0', maxTimestamp: '0', timestampType: 0 }
  const key = decodeRecords(batch.subarray(HEAD_BYTES), 1, context)[0]?.key
  return key !== null && key !== undefined && key.length >= 4 && key.readInt16BE(2) === 0
}

/** The formats before Kafka 0.11, which kafkajs reads. */
async function decodeOld(bytes: Buffer, offset: number): Promise<Batches> {
  const messages = await oldMessages(new Decoder(bytes), bytes.length).catch((error: unknown) => {
    // Where the next one begins, only the damaged one tells.
    throw new UnreadableBatch(error, offset, offset + 1)
  })
  const records = messages
    .filter((message) => Number(message.offset) >= offset)
    .map(({ key, value, timestamp, ...message }) =>
      recordOf({ key, value, offset: Number(message.offset), timestampMs: Number(timestamp ?? -1) }),
    )
  return { records, nextOffset: (records.at(-1)?.offsetNumber ?? offset - 1) + 1 }
}
