import { type LogEntry, type LogStream } from '../../logql/evaluate/logs.ts'
import { type Labels } from '../../logql/source.ts'
import { allLabels, type Pipeline, type StreamPipeline } from '../../logql/stages/pipeline.ts'
import { type NewEntry } from '../store/store.ts'
import { type Waiting } from './tail-buffer.ts'

/** The time of an entry that was just stored. */
export const entryNs = ({ seconds, nanos }: NewEntry): bigint =>
  BigInt(seconds) * 1_000_000_000n + BigInt(nanos)

/**
 * What a query makes of entries that were just stored, in the order in which they came: each under all its labels,
 * or, where categories are told, under those of its stream. Loki tells each entry of a tail as a stream of its own.
 */
export function streamsOf(
  waiting: readonly Waiting[],
  pipeline: Pipeline,
  isCategorized: boolean,
): LogStream[] {
  const pipelines = new Map<Labels, StreamPipeline>()
  return waiting.flatMap(({ labels, entry }) => {
    const known = pipelines.get(labels) ?? pipeline.forStream(labels)
    pipelines.set(labels, known)
    const processed = known.process(() => entryNs(entry), entry.line.toString('utf8'), entry.metadata)
    return processed === undefined ? [] : [streamOf({ ...processed, timeNs: entryNs(entry) }, isCategorized)]
  })
}

/** Entries of the past, oldest first, each as a stream of its own. */
export const oneByOne = (streams: readonly LogStream[], isCategorized: boolean): LogStream[] =>
  streams
    .flatMap(({ entries }) => entries)
    .sort((a, b) => Number(a.timeNs - b.timeNs))
    .map((entry) => streamOf(entry, isCategorized))

const streamOf = (entry: LogEntry, isCategorized: boolean): LogStream => ({
  labels: isCategorized ? entry.stream : allLabels(entry),
  entries: [entry],
})
