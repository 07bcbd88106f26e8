import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'

/** Where one partition stands, as the last fetch showed it. */
type PartitionLag = { messages: number; oldestWaitingMs: number | undefined }

/** The shipper's numbers, and the registry that serves them. */
export function shipperMetrics(now: () => number = Date.now) {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: `vigie_shipper_${name}`, help, labelNames, registers: [registry] })

  const state = { lastSuccessMs: now(), lags: new Map<number, PartitionLag>() }
  const gauge = (name: string, help: string, measure: () => number) =>
    new Gauge({
      name: `vigie_shipper_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(measure())
      },
    })
  gauge('seconds_since_last_success', 'Seconds since Loki last acknowledged a push', () =>
    Math.max(0, (now() - state.lastSuccessMs) / 1000),
  )
  gauge('lag_messages', 'Records in Kafka that this shipper has yet to ship', () =>
    [...state.lags.values()].reduce((total, lag) => total + lag.messages, 0),
  )
  gauge('lag_seconds', 'Age of the oldest record that waits, in seconds; 0 when none does', () => {
    const oldest = [...state.lags.values()].flatMap((lag) => lag.oldestWaitingMs ?? [])
    return oldest.length === 0 ? 0 : Math.max(0, (now() - Math.min(...oldest)) / 1000)
  })

  return {
    registry,
    records: counter('records_total', 'Records that Loki acknowledged'),
    bytes: counter('bytes_total', 'Bytes of pushes that Loki acknowledged, before compression'),
    batches: counter('batches_total', 'Pushes that Loki acknowledged'),
    unparsed: counter('unparsed_records_total', 'Records that are not JSON, shipped with parse="failed"'),
    tombstones: counter('tombstones_total', 'Kafka records without a value: there is no line to ship'),
    deadLetters: counter('dead_letters_total', 'Records written to the dead-letter topic', ['reason']),
    errors: counter('errors_total', 'Failed pushes', ['reason']),
    retries: counter('retries_total', 'Pushes that were tried again'),
    succeeded: () => {
      state.lastSuccessMs = now()
    },
    setLag: (partition: number, lag: PartitionLag) => void state.lags.set(partition, lag),
    /** Partitions that were taken away are somebody else's lag. */
    forgetLags: () => state.lags.clear(),
  }
}
export type ShipperMetrics = ReturnType<typeof shipperMetrics>
