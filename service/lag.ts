import { type Registry } from 'prom-client'
import { measuredGauge } from './gauge.ts'

/** How far behind one partition is; `oldestWaitingMs` is when Kafka got the oldest record that waits, if one does. */
export type PartitionLag = { messages: number; oldestWaitingMs: number | undefined }

/**
 * Registers the gauges `PREFIX_lag_messages` and `PREFIX_lag_seconds` of a service that consumes from Kafka.
 * `lags` is asked at each scrape, and names only the partitions that the service owns. `now` is in ms since 1970.
 */
export function lagGauges(
  registry: Registry,
  prefix: string,
  lags: () => readonly PartitionLag[],
  now: () => number,
): void {
  measuredGauge(registry, `${prefix}_lag_messages`, 'Records in Kafka that are yet to be handled', () =>
    lags().reduce((total, { messages }) => total + messages, 0),
  )
  const help = 'Age of the oldest record that waits, in seconds; 0 when none does'
  measuredGauge(registry, `${prefix}_lag_seconds`, help, () =>
    ageSeconds(
      lags().map(({ oldestWaitingMs }) => oldestWaitingMs),
      now(),
    ),
  )
}

/** The age of the oldest of these times, in seconds; 0 when there is none, or a clock is ahead. Pure. */
export function ageSeconds(timesMs: readonly (number | undefined)[], nowMs: number): number {
  const known = timesMs.filter((time) => time !== undefined)
  return known.length === 0 ? 0 : Math.max(0, (nowMs - Math.min(...known)) / 1000)
}
