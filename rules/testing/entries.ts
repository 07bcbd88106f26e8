import { INCIDENT_LABEL_FIELDS, JOB, LABEL_FIELDS, REASON_LABEL } from '../../log/names.ts'
import { type Stream } from '../../loki/encode.ts'
import { selector } from '../../loki/logql.ts'
import { type Series } from './file.ts'

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

const NANOS_PER_MS = 1_000_000

/** Some nanoseconds before an instant: what ends there is part of an evaluation at that instant. */
function justBefore(ms: number, nanosBefore: number): { seconds: number; nanos: number } {
  const nanos = (ms % 1_000) * NANOS_PER_MS - nanosBefore
  const seconds = Math.floor(ms / 1_000)
  return nanos < 0 ? { seconds: seconds - 1, nanos: nanos + 1_000 * NANOS_PER_MS } : { seconds, nanos }
}

/**
 * The streams of a test. Lines of the same instant differ by nanoseconds, since Loki may take equal
 * entries for one. Pure.
 */
export function streamsOf(all: readonly Series[], startMs: number): Stream[] {
  const streams = new Map<string, Stream>()
  let serial = 0
  for (const series of all) {
    for (const instant of instantsOf(series)) {
      const ms = startMs + instant
      const { labels, line } = lineAt(series, ms)
      const name = selector(labels)
      const stream = streams.get(name) ?? { labels: name, entries: [] }
      streams.set(name, stream)
      for (let each = 0; each < series.count; each++) {
        stream.entries.push({ ...justBefore(ms, serial++ % NANOS_PER_MS), line: Buffer.from(line) })
      }
    }
  }
  for (const { entries } of streams.values())
    entries.sort((a, b) => a.seconds - b.seconds || a.nanos - b.nanos)
  return [...streams.values()]
}
