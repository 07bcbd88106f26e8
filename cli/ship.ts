import { Command } from 'commander'
import { setLateFlags } from '../shipper/node-flags.ts'
import { serve } from './serving.ts'

export const shipCommand = (): Command =>
  new Command('ship')
    .description('Ship a Kafka topic to Loki until it is stopped (SIGTERM finishes what is in flight).')
    .addHelpText(
      'after',
      '\nExample:\n  $ KAFKA_BROKERS=kafka:9092 LOKI_URL=http://loki:3100 vigie ship\n\nHealth: /healthz, /readyz and /metrics on METRICS_PORT. `vigie config` lists the settings.',
    )
    .action(() => {
      setLateFlags()
      return serve('shipper', async ({ shipper: settings, kafka, loki }, logger, stop) => {
        // Loaded here: other commands need no health server.
        const { runShipper } = await import('../shipper/main.ts')
        await runShipper({ settings, kafka, loki, logger }, stop)
      })
    })
