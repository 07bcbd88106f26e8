import { join } from 'node:path'
import { PROJECT_ROOT } from './config.ts'
import { waitsForReadiness } from './readiness.ts'
import { type Service } from './service.ts'

/** Vigie's own tracker of incidents, as a process of its own. */
export const trackerService: Service = {
  name: 'tracker',
  title: 'tracker',
  configFiles: ['package.json'],
  runsOn: [],
  after: ['kafka'],
  ports: ({ tracker }) => [{ port: tracker.TRACKER_METRICS_PORT, setting: 'TRACKER_METRICS_PORT' }],
  address: ({ tracker }) => `http://127.0.0.1:${tracker.TRACKER_METRICS_PORT}/metrics`,
  command: async ({ kafka, loki, tracker }) => ({
    file: process.execPath,
    args: [join(PROJECT_ROOT, 'bin', 'vigie.js'), 'track'],
    env: {
      KAFKA_BROKERS: kafka.KAFKA_BROKERS.join(','),
      // Only for its own logs (LOG_TO_LOKI): it reads and writes Kafka alone.
      LOKI_URL: loki.LOKI_URL,
      TRACKER_METRICS_PORT: String(tracker.TRACKER_METRICS_PORT),
    },
  }),
  waitsFor: ({ tracker }) => waitsForReadiness(tracker.TRACKER_METRICS_PORT),
  readyWithinMs: 30_000,
  // Longer than a transaction may take before the broker ends it.
  endsWithinMs: 20_000,
}
