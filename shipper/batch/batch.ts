import { type DecodedRecord } from '../../kafka/decoded-record.ts'
import { type Entry, metadataSize, type Stream, streamKey } from '../../loki/encode.ts'
import { type Projected } from '../project/project.ts'

/** Consecutive records of one partition that travel in one push, the entry of each, and the streams of these. */
export type Batch = {
  streams: Stream[]
  records: readonly DecodedRecord[]
  entries: Entry[]
  unparsed: number
  /** The event times that it spans, in seconds. */
  oldestSeconds: number
  newestSeconds: number
}

/** What an entry adds to a push beside its line: tags, lengths and time, at most. */
const ENTRY_OVERHEAD_BYTES = 32
/** What a stream adds beside its labels: the tags and lengths of itself and of its labels. */
const STREAM_OVERHEAD_BYTES = 16

/** How much a batch may hold. A single record that is larger than `bytes` travels alone. */
export type Room = {
  bytes: number
  records: number
  /** Records from this offset on are for another batch. */
  endBefore: number
  /** The event times that it may span. */
  seconds: number
}

/**
 * A batch of as many of these records as there is room for, from the index `start` on, grouped by stream, each
 * stream in the order of event time. Pure.
 */
export function takeBatch(
  records: readonly DecodedRecord[],
  start: number,
  project: (record: DecodedRecord) => Projected,
  room: Room,
): Batch {
  const streams = new Map<string, Stream>()
  const batch: Batch = {
    streams: [],
    records: [],
    entries: [],
    unparsed: 0,
    oldestSeconds: Number.POSITIVE_INFINITY,
    newestSeconds: Number.NEGATIVE_INFINITY,
  }
  let sizeBytes = 0
  const end = Math.min(records.length, start + room.records)
  for (let index = start; index < end; index++) {
    const record = records[index] as DecodedRecord
    if (record.offsetNumber >= room.endBefore) break
    const projected = project(record)
    const { labels, tenant, entry, parsed } = projected
    const key = streamKey(projected)
    sizeBytes += entry.line.byteLength + ENTRY_OVERHEAD_BYTES
    if (entry.metadata !== undefined) sizeBytes += metadataSize(entry.metadata)
    let stream = streams.get(key)
    if (stream === undefined) sizeBytes += Buffer.byteLength(labels) + STREAM_OVERHEAD_BYTES
    const oldestSeconds = Math.min(batch.oldestSeconds, entry.seconds)
    const newestSeconds = Math.max(batch.newestSeconds, entry.seconds)
    const isFull = sizeBytes > room.bytes || newestSeconds - oldestSeconds > room.seconds
    if (isFull && index > start) break
    if (stream === undefined) {
      stream = tenant === undefined ? { labels, entries: [] } : { labels, tenant, entries: [] }
      streams.set(key, stream)
      batch.streams.push(stream)
    }
    stream.entries.push(entry)
    batch.entries.push(entry)
    if (!parsed) batch.unparsed++
    batch.oldestSeconds = oldestSeconds
    batch.newestSeconds = newestSeconds
  }
  batch.records = records.slice(start, start + batch.entries.length)
  for (const { entries } of batch.streams) if (!isInOrder(entries)) entries.sort(byTime)
  return batch
}

type Timed = { seconds: number; nanos: number }
const byTime = (a: Timed, b: Timed): number => a.seconds - b.seconds || a.nanos - b.nanos

function isInOrder(entries: readonly Timed[]): boolean {
  for (let index = 1; index < entries.length; index++)
    if (byTime(entries[index - 1] as Timed, entries[index] as Timed) > 0) return false
  return true
}
