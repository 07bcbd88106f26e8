import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { measuredGauge } from '../../service/gauge.ts'
import { type PushOutcome } from '../push/push.ts'
import { type Store } from '../store/store.ts'

/** The version of Loki whose answers are given, as Grafana asks for it. */
export const LOKI_VERSION = '3.7.6'

/** The numbers of the store's HTTP API: under Loki's names where Loki has them, else `vigie_store_…`. */
export type ApiMetrics = {
  registry: Registry
  /** Counts one push. */
  pushed: (tenant: string, outcome: PushOutcome) => void
  /** Counts one request; seconds. */
  answered: (method: string, route: string, status: number, seconds: number) => void
  tails: Gauge
}

export type Measured = { runningQueries: () => number; waitingQueries: () => number }

export function createMetrics(store: Store, { runningQueries, waitingQueries }: Measured): ApiMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers })
  const build = new Gauge({
    name: 'loki_build_info',
    help: 'The version of Loki that answers are those of',
    labelNames: ['version', 'branch'],
    registers,
  })
  build.set({ version: LOKI_VERSION, branch: 'vigie-embedded' }, 1)
  const lines = counter('loki_distributor_lines_received_total', 'Lines that were stored', ['tenant'])
  const bytes = counter(
    'loki_distributor_bytes_received_total',
    'Bytes of lines and structured metadata that were stored',
    ['tenant'],
  )
  const lost = counter('loki_discarded_samples_total', 'Lines that were refused', ['reason', 'tenant'])
  const lostBytes = counter('loki_discarded_bytes_total', 'Bytes that were refused', ['reason', 'tenant'])
  const requests = new Histogram({
    name: 'loki_request_duration_seconds',
    help: 'Time that requests took, in seconds',
    labelNames: ['method', 'route', 'status_code', 'ws'],
    buckets: [0.005, 0.025, 0.1, 0.5, 1, 5, 10, 30, 60],
    registers,
  })
  new Gauge({
    name: 'loki_ingester_memory_streams',
    help: 'Streams that were written to lately',
    labelNames: ['tenant'],
    registers,
    collect() {
      for (const tenant of store.tenants()) this.set({ tenant }, store.tenant(tenant)?.activeStreams() ?? 0)
    },
  })
  measuredGauge(registry, 'vigie_store_running_queries', 'Queries that are worked on', runningQueries)
  measuredGauge(registry, 'vigie_store_waiting_queries', 'Queries that wait for their turn', waitingQueries)
  const tails = new Gauge({ name: 'vigie_store_tails', help: 'Clients that follow a tail', registers })
  return {
    registry,
    pushed(tenant, { stored, report }) {
      lines.inc({ tenant }, stored.lines)
      bytes.inc({ tenant }, stored.bytes)
      for (const [reason, amount] of report.amounts) {
        lost.inc({ reason, tenant }, amount.lines)
        lostBytes.inc({ reason, tenant }, amount.bytes)
      }
    },
    answered(method, route, status, seconds) {
      requests.observe({ method, route, status_code: String(status), ws: 'false' }, seconds)
    },
    tails,
  }
}
