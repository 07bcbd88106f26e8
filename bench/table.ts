import { type LatencyReport } from './latency.ts'
import { type Measurement } from './measure.ts'
import { type ShipReport } from './ship.ts'

/**
 * What is aimed at on 2 cores. promtail 3.6.15 took 11.5 µs of CPU a message and 8 to 10 s for 500,000 into a
 * Loki on the same 2 cores: 55,000 a second, of which this is 2.5 times.
 */
export const TARGETS = {
  cpuMicrosecondsPerMessage: 3.8,
  messagesPerSecond: 138_000,
  peakMegabytes: 200,
  p99Ms: 250,
} as const

/** A number without digits after the point, grouped; – where there is none. Pure. */
export const whole = (value: number | null): string =>
  value === null ? '–' : Math.round(value).toLocaleString('en').replaceAll(',', '\u202f')
const twoDigits = (value: number | null): string => (value === null ? '–' : value.toFixed(2))

const HEAD = ['', 'msg/s', 'CPU µs/msg', 'with start', 'peak MB']
const row = (each: Measurement): string[] => [
  each.what,
  whole(each.messagesPerSecond),
  twoDigits(each.cpuMicrosecondsPerMessage),
  twoDigits(each.cpuWithStartMicrosecondsPerMessage),
  whole(each.peakMegabytes),
]
const target = (): string[] => [
  'target',
  `≥ ${whole(TARGETS.messagesPerSecond)}`,
  '',
  `≤ ${TARGETS.cpuMicrosecondsPerMessage}`,
  `≤ ${TARGETS.peakMegabytes}`,
]

/** Rows of a table as lines: the first column to the left, the others to the right. Pure. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const [first = []] = rows
  const widths = first.map((_, column) => Math.max(...rows.map((cells) => (cells[column] ?? '').length)))
  return rows.map((cells) =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  )
}

/** The measurements for people, with what is aimed at below them. Pure. */
export function measurementsTable({ messages, bytes, partitions, stored, measurements }: ShipReport): string {
  const rows = [HEAD, ...measurements.map(row), target()]
  const head = `${whole(messages)} logs of ${Math.round(bytes / messages)} bytes in ${partitions} partitions`
  const end = stored === null ? [] : [`Loki counts ${whole(stored)} of ${whole(messages)}.`]
  return [head, '', ...aligned(rows), ...end].join('\n')
}

/** The latency for people. Pure. */
export const latencyText = ({ messagesPerSecond, probes, p50Ms, p99Ms, maxMs }: LatencyReport): string =>
  `from Kafka to LogQL at ${whole(messagesPerSecond)} msg/s: p50 ${whole(p50Ms)} ms, p99 ${whole(p99Ms)} ms (target < ${TARGETS.p99Ms}), longest ${whole(maxMs)} ms, of ${whole(probes)} logs`
