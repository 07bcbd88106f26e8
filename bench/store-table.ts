import { type StoreMeasurement } from './store.ts'
import { aligned, whole } from './table.ts'

/** What is aimed at on 2 cores; the ratios are against a Loki on the same work. */
export const STORE_TARGETS = {
  countMs: 20,
  quantileMs: 400,
  peakMegabytes: 300,
  startMs: 1_000,
  visibleP99Ms: 20,
  busyPushP99Ms: 20,
} as const

const oneDigit = (value: number | null): string => (value === null ? '–' : value.toFixed(1))

/** The measurements side by side, one column a store, for people. Pure. */
export function storeTable(all: readonly StoreMeasurement[]): string {
  const [first] = all
  if (first === undefined) return ''
  const half = whole(first.lines / 2)
  const rows: [string, (each: StoreMeasurement) => string, string][] = [
    [`ingest of ${whole(first.lines)} lines, lines/s`, (each) => whole(each.ingestPerSecond), '≥ Loki'],
    ['ingest, CPU µs/line', (each) => oneDigit(each.ingestCpuMicroseconds), '≤ half of Loki'],
    [`count by label over ${half}, ms`, (each) => oneDigit(each.countMs), `< ${STORE_TARGETS.countMs}`],
    [`p95 by JSON field over ${half}, ms`, (each) => whole(each.quantileMs), `< ${STORE_TARGETS.quantileMs}`],
    ['  of CPU, ms', (each) => whole(each.quantileCpuMs), ''],
    ['peak memory, MB', (each) => whole(each.peakMegabytes), `≤ ${STORE_TARGETS.peakMegabytes}`],
    ['start after a clean end, ms', (each) => whole(each.startMs), `< ${whole(STORE_TARGETS.startMs)}`],
    ['start after kill -9, ms', (each) => whole(each.startAfterKillMs), `< ${whole(STORE_TARGETS.startMs)}`],
    ['push to visible p50, ms', (each) => oneDigit(each.visibleP50Ms), ''],
    ['push to visible p99, ms', (each) => oneDigit(each.visibleP99Ms), `< ${STORE_TARGETS.visibleP99Ms}`],
    [
      'push while queries run p99, ms',
      (each) => oneDigit(each.busyPushP99Ms),
      `< ${STORE_TARGETS.busyPushP99Ms}`,
    ],
    ['counted in the end', (each) => whole(each.stored), `= ${whole(first.lines)}`],
  ]
  const cells = [
    ['', ...all.map(({ who }) => who), 'target'],
    ...rows.map(([name, of, target]) => [name, ...all.map(of), target]),
  ]
  return aligned(cells).join('\n')
}
