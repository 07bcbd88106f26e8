import { type Stream } from '../loki/encode.ts'
import { type KafkaRecord, type Projected } from './project.ts'

/** Consecutive records of one partition that travel in one push. `records` keeps what they came from. */
export type Batch = { streams: Stream[]; records: KafkaRecord[]; unparsed: number }

/** What an entry adds to a push beside its line: tags, lengths and time, at most. */
const ENTRY_OVERHEAD_BYTES = 32
/** What a stream adds beside its labels: the tags and lengths of itself and of its labels. */
const STREAM_OVERHEAD_BYTES = 16

/**
 * Cuts records into batches of at most `maxBytes` (a single larger record travels alone), grouped by
 * stream, in the order of their offsets. Pure.
 */
export function* batches(
  records: Iterable<KafkaRecord>,
  project: (record: KafkaRecord) => Projected,
  maxBytes: number,
): Generator<Batch> {
  let streams = new Map<string, Stream>()
  let batch: Batch = { streams: [], records: [], unparsed: 0 }
  let sizeBytes = 0
  for (const record of records) {
    const { labels, entry, parsed } = project(record)
    const entryBytes = entry.line.byteLength + ENTRY_OVERHEAD_BYTES
    const streamBytes = Buffer.byteLength(labels) + STREAM_OVERHEAD_BYTES
    let addedBytes = entryBytes + (streams.has(labels) ? 0 : streamBytes)
    if (batch.records.length > 0 && sizeBytes + addedBytes > maxBytes) {
      yield batch
      streams = new Map()
      batch = { streams: [], records: [], unparsed: 0 }
      sizeBytes = 0
      addedBytes = entryBytes + streamBytes
    }
    let stream = streams.get(labels)
    if (stream === undefined) {
      stream = { labels, entries: [] }
      streams.set(labels, stream)
      batch.streams.push(stream)
    }
    stream.entries.push(entry)
    batch.records.push(record)
    if (!parsed) batch.unparsed++
    sizeBytes += addedBytes
  }
  if (batch.records.length > 0) yield batch
}
