import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { measuredGauge } from '../service/gauge.ts'
import { lagGauges, type PartitionLag } from '../service/lag.ts'

/** The tracker's numbers, and the registry that serves them. `openIncidents` and `lags` are asked at each scrape. */
export function trackerMetrics(
  openIncidents: () => number,
  lags: () => readonly PartitionLag[],
  now: () => number = Date.now,
) {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: `vigie_tracker_${name}`, help, labelNames, registers: [registry] })
  const help = 'Sources that are down now, in the partitions of this tracker'
  measuredGauge(registry, 'vigie_tracker_open_incidents', help, openIncidents)
  lagGauges(registry, 'vigie_tracker', lags, now)
  return {
    registry,
    logs: counter('logs_total', 'Records read, by what became of them', ['verdict']),
    events: counter('events_total', 'Incidents opened and resolved', ['event']),
    lost: counter(
      'lost_records_total',
      'Offsets that Kafka deleted before they were read, or whose records cannot be read',
      ['cause'],
    ),
    stuck: new Gauge({
      name: 'vigie_tracker_stuck_partitions',
      help: 'Partitions of which nothing was tracked for a minute although logs wait',
      registers: [registry],
    }),
    transactions: counter('transactions_total', 'Transactions committed'),
  }
}
export type TrackerMetrics = ReturnType<typeof trackerMetrics>
