import { Command } from 'commander'
import { serve } from './serving.ts'

export const trackCommand = (): Command =>
  new Command('track')
    .description(
      'Track the incidents of each source from the logs in Kafka until it is stopped: the first FAILED opens one, the next SUCCESS resolves it.',
    )
    .addHelpText(
      'after',
      '\nExample:\n  $ KAFKA_BROKERS=kafka:9092 vigie track\n\nHealth: /healthz, /readyz and /metrics on TRACKER_METRICS_PORT. `vigie config` lists the settings.',
    )
    .action(() =>
      serve('tracker', async ({ tracker: settings, shipper, kafka }, logger, stop) => {
        // Loaded here: other commands need no health server.
        const { runTracker } = await import('../incidents/main.ts')
        await runTracker({ settings, kafka, metricsHost: shipper.METRICS_HOST, logger }, stop)
      }),
    )
