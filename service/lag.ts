import { Gauge, type Registry } from 'prom-client'

/** Where one partition stands, as the last fetch showed it. */
export type PartitionLag = { messages: number; oldestWaitingMs: number | undefined }

/** The gauges `PREFIX_lag_messages` and `PREFIX_lag_seconds` of a service that consumes from Kafka. */
export function lagGauges(registry: Registry, prefix: string, now: () => number) {
  const lags = new Map<string, PartitionLag>()
  const gauge = (name: string, help: string, measure: () => number) =>
    new Gauge({
      name: `${prefix}_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(measure())
      },
    })
  gauge('lag_messages', 'Records in Kafka that are yet to be handled', () =>
    [...lags.values()].reduce((total, lag) => total + lag.messages, 0),
  )
  gauge('lag_seconds', 'Age of the oldest record that waits, in seconds; 0 when none does', () => {
    const oldest = [...lags.values()].flatMap((lag) => lag.oldestWaitingMs ?? [])
    return oldest.length === 0 ? 0 : Math.max(0, (now() - Math.min(...oldest)) / 1000)
  })
  return {
    setLag: (topic: string, partition: number, lag: PartitionLag) =>
      void lags.set(`${topic}/${partition}`, lag),
    /** Partitions that were taken away are somebody else's lag. */
    forgetLags: () => lags.clear(),
  }
}
