import { INCIDENT_LABEL_FIELDS, JOB, LABEL_FIELDS, REASON_LABEL } from '../../log/names.ts'
import { type MemoryEntry, memorySource } from '../../logql/memory.ts'
import { type Labels, type Source } from '../../logql/source.ts'
import { type Series } from './file.ts'

/** The lines of one stream. */
export type TestStream = { labels: Labels; entries: MemoryEntry[] }

/** When a series has lines, in ms after the start of its test. Both ends are included. */
function instantsOf({ at, every, from = 0, to }: Series): number[] {
  if (at !== undefined) return at
  if (every === undefined || to === undefined) return []
  return Array.from({ length: Math.floor((to - from) / every) + 1 }, (_, index) => from + index * every)
}

const picked = (fields: readonly string[], of: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(fields.map((name) => [name, String(of[name])]))

/** What one line of a series is at an instant: the labels of its stream, and its text. */
function lineAt(series: Series, ms: number): { labels: Record<string, string>; line: string } {
  const time = new Date(ms).toISOString()
  const company = { entreprise: 'acme', zone: 'eu-west' }
  if (series.run !== undefined) {
    const log = {
      debut: new Date(ms - 2_000).toISOString(),
      fin: time,
      duree: 2,
      cpu: 1,
      memoire: 50,
      ...company,
      ...series.run,
    }
    return { labels: { job: JOB.logs, ...picked(LABEL_FIELDS, log) }, line: JSON.stringify(log) }
  }
  if (series.incident !== undefined) {
    const event = { at: time, incident: 'test', failed_runs: 1, ...company, ...series.incident }
    return {
      labels: { job: JOB.incidents, ...picked(INCIDENT_LABEL_FIELDS, event) },
      line: JSON.stringify(event),
    }
  }
  if (series.stream !== undefined) return { labels: series.stream, line: series.line ?? '' }
  const [job, reason] =
    series.rejected === undefined
      ? [JOB.deadLetters, series.dead_letter ?? '']
      : [JOB.rejected, series.rejected]
  return { labels: { job, [REASON_LABEL]: reason }, line: JSON.stringify({ reason }) }
}

const NS_PER_MS = 1_000_000

/**
 * The streams of a test. Lines of the same instant differ by nanoseconds, since Loki takes equal entries for
 * one; what ends at an instant is part of an evaluation at that instant. Pure.
 */
export function streamsOf(all: readonly Series[], startMs: number): TestStream[] {
  const streams = new Map<string, TestStream>()
  let serial = 0
  for (const series of all) {
    for (const instant of instantsOf(series)) {
      const ms = startMs + instant
      const { labels, line } = lineAt(series, ms)
      const name = JSON.stringify(Object.entries(labels).sort())
      const stream = streams.get(name) ?? { labels: new Map(Object.entries(labels).sort()), entries: [] }
      streams.set(name, stream)
      for (let each = 0; each < series.count; each++)
        stream.entries.push({ timeNs: BigInt(ms) * 1_000_000n - BigInt(serial++ % NS_PER_MS), line })
    }
  }
  return [...streams.values()]
}

/** The lines of a test as a source of queries. Pure. */
export const sourceOf = (all: readonly Series[], startMs: number): Source =>
  memorySource(streamsOf(all, startMs))
