import { type IncidentEvent } from '../../log/incident.ts'
import { type LogLine } from '../../log/line.ts'

/** What is stored, read from the file by the test itself. */
export type Run = LogLine & { startMs: number; endMs: number }
export type Incident = IncidentEvent & { atMs: number }

/** A number for each series, by its name. */
export type Numbers = Record<string, number>

/** Prometheus's definition, which Loki follows: linear between the two nearest ranks. */
function quantile(ratio: number, values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const rank = ratio * (sorted.length - 1)
  const below = sorted[Math.floor(rank)] ?? Number.NaN
  const above = sorted[Math.ceil(rank)] ?? Number.NaN
  return below + (above - below) * (rank - Math.floor(rank))
}
const mean = (values: readonly number[]): number =>
  values.reduce((sum, each) => sum + each, 0) / values.length
const max = (values: readonly number[]): number => Math.max(...values)

/** One number for each group; a group without members has none. */
function grouped<Item>(
  items: readonly Item[],
  name: (item: Item) => string,
  number: (items: readonly Item[]) => number,
): Numbers {
  const groups = new Map<string, Item[]>()
  for (const item of items) groups.set(name(item), [...(groups.get(name(item)) ?? []), item])
  return Object.fromEntries([...groups].map(([key, members]) => [key, number(members)]))
}

const count = (items: readonly unknown[]): number => items.length
const failures = (runs: readonly Run[]): number => runs.filter(({ etat }) => etat === 'FAILED').length
const rate = (runs: readonly Run[]): number => failures(runs) / runs.length
const bySource = ({ source }: { source: string }): string => source
const whole = () => ''

/** The open incidents: sources whose newest event is an opening, and when that was. */
function open(incidents: readonly Incident[]): Numbers {
  const latest = grouped(incidents, bySource, (events) => max(events.map(({ atMs }) => atMs)))
  const still = incidents.filter(({ event, source, atMs }) => event === 'opened' && latest[source] === atMs)
  return grouped(still, bySource, (events) => max(events.map(({ atMs }) => atMs)))
}

/** How a number is made from the runs of a window; the key is the panel's title, then its series. */
export const OF_RUNS: Record<string, (runs: readonly Run[], toMs: number) => Numbers> = {
  Successes: (runs) => grouped(runs, whole, (all) => all.length - failures(all)),
  Failures: (runs) => grouped(runs, whole, failures),
  'Failure rate': (runs) => grouped(runs, whole, rate),
  'Failure rate over time': (runs) => grouped(runs, () => 'Failure rate', rate),
  'Failure rate by source': (runs) => grouped(runs, bySource, rate),
  'Availability by source': (runs) => grouped(runs, bySource, (all) => 1 - rate(all)),
  // The test declares an objective of 90 % for sources whose name begins with c; the others have 98 %.
  'Error budget burn': (runs) =>
    grouped(runs, bySource, (all) => rate(all) / (all[0]?.source.startsWith('c') ? 0.1 : 0.02)),
  'p95 duration': (runs) =>
    grouped(runs, whole, (all) =>
      quantile(
        0.95,
        all.map(({ duree }) => duree),
      ),
    ),
  'Max memory': (runs) => grouped(runs, whole, (all) => max(all.map(({ memoire = 0 }) => memoire))),
  'SUCCESS and FAILED over time': (runs) => grouped(runs, ({ etat }) => etat, count),
  'Top sources by performance (p95 duration)': (runs) =>
    grouped(runs, bySource, (all) =>
      quantile(
        0.95,
        all.map(({ duree }) => duree),
      ),
    ),
  'p95 duration by source': (runs) =>
    grouped(runs, bySource, (all) =>
      quantile(
        0.95,
        all.map(({ duree }) => duree),
      ),
    ),
  'Runs per 5 minutes by source': (runs) => grouped(runs, bySource, count),
  p50: (runs) =>
    grouped(
      runs,
      () => 'p50',
      (all) =>
        quantile(
          0.5,
          all.map(({ duree }) => duree),
        ),
    ),
  p95: (runs) =>
    grouped(
      runs,
      () => 'p95',
      (all) =>
        quantile(
          0.95,
          all.map(({ duree }) => duree),
        ),
    ),
  p99: (runs) =>
    grouped(
      runs,
      () => 'p99',
      (all) =>
        quantile(
          0.99,
          all.map(({ duree }) => duree),
        ),
    ),
  'Max CPU time': (runs) =>
    grouped(
      runs,
      () => 'Max CPU time',
      (all) => max(all.map(({ cpu = 0 }) => cpu)),
    ),
  'p95 CPU time': (runs) =>
    grouped(
      runs,
      () => 'p95 CPU time',
      (all) =>
        quantile(
          0.95,
          all.map(({ cpu = 0 }) => cpu),
        ),
    ),
  'Max memory of a run': (runs) =>
    grouped(
      runs,
      () => 'Max memory',
      (all) => max(all.map(({ memoire = 0 }) => memoire)),
    ),
  'p95 memory': (runs) =>
    grouped(
      runs,
      () => 'p95 memory',
      (all) =>
        quantile(
          0.95,
          all.map(({ memoire = 0 }) => memoire),
        ),
    ),
  'Last run by source': (runs) => grouped(runs, bySource, (all) => max(all.map(({ endMs }) => endMs))),
  // The test declares a run every two hours, and 15 minutes of grace, for sources that begin with c.
  'Freshness SLO: silence out of what is allowed': (runs, toMs) =>
    grouped(
      runs,
      bySource,
      (all) =>
        (toMs - max(all.map(({ endMs }) => endMs))) / ((all[0]?.source.startsWith('c') ? 135 : 75) * 60_000),
    ),
}

export const OF_INCIDENTS: Record<string, (incidents: readonly Incident[]) => Numbers> = {
  MTTR: (all) => averageOf(all, ({ downtime_s }) => downtime_s),
  MTBF: (all) => averageOf(all, ({ up_s }) => up_s),
  'Time to detect': (all) =>
    averageOf(all, ({ event, detect_s }) => (event === 'opened' ? detect_s : undefined)),
  'Down now, since': open,
}
function averageOf(incidents: readonly Incident[], number: (each: Incident) => number | undefined): Numbers {
  const numbers = incidents.map(number).filter((each) => each !== undefined)
  return numbers.length === 0 ? {} : { '': mean(numbers) }
}
