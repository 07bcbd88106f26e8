import { join } from 'node:path'
import { PROJECT_ROOT } from './config.ts'
import { waitsForReadiness } from './readiness.ts'
import { type Service } from './service.ts'

/**
 * How Node runs the shipper; what each flag brings is in docs/performance.md. The space for new objects has its
 * full size, 16 MB, from the beginning: fetched records live until they are pushed, and are moved on before
 * in less. The space for old ones grows by 90 % before it is looked through, since they hold fetches.
 * Collecting garbage side by side costs more than it saves where Loki and Kafka use the other cores. And code
 * is compiled for speed when it has run three times as often as Node would have it: much runs at the start alone.
 */
export const SHIPPER_NODE_FLAGS = [
  '--min-semi-space-size=16',
  '--heap-growing-percent=90',
  '--single-threaded-gc',
  '--interrupt-budget=400000',
] as const

/** Vigie's own shipper, as a process of its own. */
export const shipperService: Service = {
  name: 'shipper',
  title: 'shipper',
  configFiles: ['package.json'],
  runsOn: [],
  after: ['kafka', 'loki'],
  ports: ({ shipper }) => [{ port: shipper.METRICS_PORT, setting: 'METRICS_PORT' }],
  address: ({ shipper }) => `http://127.0.0.1:${shipper.METRICS_PORT}/metrics`,
  command: async ({ kafka, loki, shipper }) => ({
    file: process.execPath,
    args: [...SHIPPER_NODE_FLAGS, join(PROJECT_ROOT, 'bin', 'vigie.js'), 'ship'],
    env: {
      KAFKA_BROKERS: kafka.KAFKA_BROKERS.join(','),
      LOKI_URL: loki.LOKI_URL,
      METRICS_PORT: String(shipper.METRICS_PORT),
    },
  }),
  waitsFor: ({ shipper }) => waitsForReadiness(shipper.METRICS_PORT),
  readyWithinMs: 30_000,
  // Longer than its longest push, so that it can finish what is in flight.
  endsWithinMs: 20_000,
}
