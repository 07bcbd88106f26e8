import { join } from 'node:path'
import { reasonOf } from '../service/errors.ts'
import { PROJECT_ROOT } from './config.ts'
import { type Service, type StackContext } from './service.ts'

const healthUrl = ({ shipper }: StackContext): string => `http://127.0.0.1:${shipper.METRICS_PORT}`

/** Vigie's own shipper, as a process of its own. */
export const shipperService: Service = {
  name: 'shipper',
  title: 'shipper',
  configFiles: ['package.json'],
  runsOn: [],
  after: ['kafka', 'loki'],
  ports: ({ shipper }) => [{ port: shipper.METRICS_PORT, setting: 'METRICS_PORT' }],
  address: (context) => `${healthUrl(context)}/metrics`,
  command: async ({ kafka, loki, shipper }) => ({
    file: process.execPath,
    args: [join(PROJECT_ROOT, 'bin', 'vigie.js'), 'ship'],
    env: {
      KAFKA_BROKERS: kafka.KAFKA_BROKERS.join(','),
      LOKI_URL: loki.LOKI_URL,
      METRICS_PORT: String(shipper.METRICS_PORT),
    },
  }),
  async waitsFor(context) {
    try {
      const answer = await fetch(`${healthUrl(context)}/readyz`, { signal: AbortSignal.timeout(2_000) })
      if (answer.ok) return undefined
      const { waitingFor } = (await answer.json()) as { waitingFor?: string[] }
      return (waitingFor ?? [`HTTP ${answer.status}`]).join('; ')
    } catch (error) {
      return reasonOf((error as Error).cause ?? error)
    }
  },
  readyWithinMs: 30_000,
  // Longer than its longest push, so that it can finish what is in flight.
  endsWithinMs: 20_000,
}
