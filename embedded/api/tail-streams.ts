import { labelsKey } from '../../logql/evaluate/labels.ts'
import { type LogEntry, type LogStream } from '../../logql/evaluate/logs.ts'
import { type Labels } from '../../logql/source.ts'
import { allLabels, type Pipeline, type StreamPipeline } from '../../logql/stages/pipeline.ts'
import { type NewEntry } from '../store/store.ts'
import { type Waiting } from './tail-buffer.ts'

/** The time of an entry that was just stored. */
export const entryNs = ({ seconds, nanos }: NewEntry): bigint =>
  BigInt(seconds) * 1_000_000_000n + BigInt(nanos)

/**
 * What a query makes of entries that were just stored, in the order in which they came: by all their labels,
 * or, where categories are told, by those of their streams.
 */
export function streamsOf(
  waiting: readonly Waiting[],
  pipeline: Pipeline,
  isCategorized: boolean,
): LogStream[] {
  const pipelines = new Map<Labels, StreamPipeline>()
  const streams = new Map<string, LogStream>()
  for (const { labels, entry } of waiting) {
    const known = pipelines.get(labels) ?? pipeline.forStream(labels)
    pipelines.set(labels, known)
    const processed = known.process(() => entryNs(entry), entry.line.toString('utf8'), entry.metadata)
    if (processed === undefined) continue
    const shown = isCategorized ? processed.stream : allLabels(processed)
    addEntry(streams, shown, { ...processed, timeNs: entryNs(entry) })
  }
  return [...streams.values()]
}

function addEntry(streams: Map<string, LogStream>, labels: Labels, entry: LogEntry): void {
  const key = labelsKey(labels)
  const stream = streams.get(key)
  if (stream === undefined) streams.set(key, { labels, entries: [entry] })
  else stream.entries.push(entry)
}
