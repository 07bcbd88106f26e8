import { createHash } from 'node:crypto'
import { type Message } from '../../kafka/client.ts'
import { type DecodedRecord } from '../../kafka/decoded-record.ts'
import { headerText } from '../../kafka/headers.ts'
import { HEADER, SETTLED_HEADER } from '../../log/names.ts'

/** A record that Loki refused, as it stands on the topic of the dead letters. */
export type Letter = {
  /** The same for the copies that a crash of the shipper leaves: same origin, same bytes. */
  id: bigint
  key: Buffer | null
  value: Buffer
  /** `unknown` where the header is missing or is no word. */
  reason: string
  /** Loki's own words. */
  detail: string
  /** Where the record came from; undefined where the headers do not say. */
  topic: string | undefined
  partition: string | undefined
  offset: string | undefined
  /** Only its beginning is here: the topic took no more (`HEADER.cut`). */
  isCut: boolean
  /** When it was written, in ms since 1970. */
  writtenMs: number
}

export const UNKNOWN_REASON = 'unknown'

/** A reason becomes a label and a row of a summary: anything longer was not written by a shipper. */
const REASON = /^\w{1,64}$/

const ID_BYTES = 8

/** Reads a record of a partition of the topic of the dead letters; undefined when it is no letter. Pure. */
export function letterOf(record: DecodedRecord, letterPartition: number): Letter | undefined {
  const { key, value, timestampMs } = record
  if (value === null) return undefined
  const [topic, partition, offset] = [HEADER.topic, HEADER.partition, HEADER.offset].map((name) =>
    headerText(record, name),
  )
  const reason = headerText(record, HEADER.reason) ?? ''
  const isKnown = topic !== undefined && partition !== undefined && offset !== undefined
  // A letter of unknown origin is told apart by its own place.
  const origin = isKnown ? [topic, partition, offset] : [letterPartition, record.offset]
  return {
    id: idOf(origin, value),
    key,
    value,
    reason: REASON.test(reason) ? reason : UNKNOWN_REASON,
    detail: headerText(record, HEADER.detail) ?? '',
    topic,
    partition,
    offset,
    isCut: headerText(record, HEADER.cut) !== undefined,
    writtenMs: timestampMs,
  }
}

/**
 * 64 bits: among ten million letters, the odds of two with one id are 1 to 370,000. The value counts, since a
 * topic that was deleted and made anew counts its offsets from 0 again.
 */
const idOf = (origin: readonly unknown[], value: Buffer): bigint =>
  createHash('sha256')
    .update(`${JSON.stringify(origin)} `)
    .update(value)
    .digest()
    .readBigUInt64BE()

/** Those with that reason; all when it is undefined. */
export const withReason = (letters: readonly Letter[], reason: string | undefined): readonly Letter[] =>
  reason === undefined ? letters : letters.filter((letter) => letter.reason === reason)

/** The record as it stood on its topic: a letter without a key gets the one that a log has, its source. Pure. */
export const messageOf = ({ key, value }: Letter): Message => ({ key: key ?? sourceOf(value), value })

function sourceOf(value: Buffer): string | null {
  try {
    const { source } = JSON.parse(value.toString('utf8')) as { source?: unknown }
    return typeof source === 'string' ? source : null
  } catch {
    return null // What is not a JSON object has no source, and is spread over the partitions.
  }
}

/** The record that says of letters that they were sent again or purged. It has no value, so it is not shipped. */
export const settledMessage = (letters: readonly Letter[], partition: number): Message => {
  const ids = Buffer.allocUnsafe(letters.length * ID_BYTES)
  letters.forEach(({ id }, index) => {
    ids.writeBigUInt64BE(id, index * ID_BYTES)
  })
  return { partition, value: null, headers: { [SETTLED_HEADER]: ids } }
}

/** The ids in such a record; none in any other. Pure. */
export function settledIds({ value, headers }: Pick<DecodedRecord, 'value' | 'headers'>): bigint[] {
  const ids = headers?.[SETTLED_HEADER]
  if (value !== null || !Buffer.isBuffer(ids)) return []
  return Array.from({ length: Math.floor(ids.length / ID_BYTES) }, (_, index) =>
    ids.readBigUInt64BE(index * ID_BYTES),
  )
}
