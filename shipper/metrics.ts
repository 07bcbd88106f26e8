import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { lagGauges } from '../service/lag.ts'

/** The shipper's numbers, and the registry that serves them. */
export function shipperMetrics(now: () => number = Date.now) {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: `vigie_shipper_${name}`, help, labelNames, registers: [registry] })

  const state = { lastSuccessMs: now() }
  new Gauge({
    name: 'vigie_shipper_seconds_since_last_success',
    help: 'Seconds since Loki last acknowledged a push',
    registers: [registry],
    collect() {
      this.set(Math.max(0, (now() - state.lastSuccessMs) / 1000))
    },
  })

  return {
    registry,
    records: counter('records_total', 'Records that Loki acknowledged'),
    bytes: counter('bytes_total', 'Bytes of pushes that Loki acknowledged, before compression'),
    batches: counter('batches_total', 'Pushes that Loki acknowledged'),
    unparsed: counter('unparsed_records_total', 'Records that are not JSON, shipped with parse="failed"'),
    tombstones: counter('tombstones_total', 'Kafka records without a value: there is no line to ship'),
    deadLetters: counter('dead_letters_total', 'Records written to the dead-letter topic', ['reason']),
    sideRefused: counter('side_lines_refused_total', 'Lines of side topics that Loki refused: only logged', [
      'topic',
      'reason',
    ]),
    errors: counter('errors_total', 'Failed pushes', ['reason']),
    retries: counter('retries_total', 'Pushes that were tried again'),
    succeeded: () => {
      state.lastSuccessMs = now()
    },
    ...lagGauges(registry, 'vigie_shipper', now),
  }
}
export type ShipperMetrics = ReturnType<typeof shipperMetrics>
