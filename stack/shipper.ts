import { join } from 'node:path'
import { NODE_FLAGS } from '../shipper/node-flags.ts'
import { PROJECT_ROOT } from './config.ts'
import { waitsForReadiness } from './readiness.ts'
import { type Service } from './service.ts'

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
    args: [...NODE_FLAGS, join(PROJECT_ROOT, 'bin', 'vigie.js'), 'ship'],
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
