import { type LogEntry, type LogStream } from '../../logql/evaluate/logs.ts'
import { type Labels } from '../../logql/source.ts'
import { allLabels, type Pipeline, type StreamPipeline } from '../../logql/stages/pipeline.ts'
import { type NewEntry } from '../store/store.ts'
import { type Waiting } from './tail-buffer.ts'

/** The time of an entry that was just stored. */
export const entryNs = ({ seconds, nanos }: NewEntry): bigint =>
  BigInt(seconds) * 1_000_000_000n + BigInt(nanos)

/** What a tail makes of entries: its pipeline, and what that is for each set of labels it met. */
export type TailPipeline = { pipeline: Pipeline; byLabels: WeakMap<Labels, StreamPipeline> }

export const tailPipeline = (pipeline: Pipeline): TailPipeline => ({ pipeline, byLabels: new WeakMap() })

/**
 * What a query makes of an entry that was just stored, undefined for one that it drops: under all its labels,
 * or, where categories are told, under those of its stream. Loki tells each entry of a tail as a stream of its own.
 * Throws LogqlError (`limit`) for a template that does too much.
 */
export function tailedStream(
  { pipeline, byLabels }: TailPipeline,
  { labels, entry }: Waiting,
  isCategorized: boolean,
): LogStream | undefined {
  const known = byLabels.get(labels) ?? pipeline.forStream(labels)
  byLabels.set(labels, known)
  const processed = known.process(() => entryNs(entry), entry.line.toString('utf8'), entry.metadata)
  return processed && streamOf({ ...processed, timeNs: entryNs(entry) }, isCategorized)
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
