import { Command } from 'commander'
import { lokiHeaders } from '../loki/config.ts'
import { stopSignal } from '../service/shutdown.ts'
import { readSettings } from './settings.ts'

export const trackCommand = (): Command =>
  new Command('track')
    .description(
      'Track the incidents of each source from the logs in Kafka until it is stopped: the first FAILED opens one, the next SUCCESS resolves it.',
    )
    .addHelpText(
      'after',
      '\nExample:\n  $ KAFKA_BROKERS=kafka:9092 vigie track\n\nHealth: /healthz, /readyz and /metrics on TRACKER_METRICS_PORT. `vigie config` lists the settings.',
    )
    .action(async () => {
      // Loaded here: other commands need neither the logger nor the health server.
      const { closeLogger, createLogger } = await import('../service/logger.ts')
      const { runTracker } = await import('../incidents/main.ts')
      const { tracker: settings, shipper, kafka, loki, logger: logging } = readSettings(process.env)
      const logger = createLogger('tracker', logging, { url: loki.LOKI_URL, headers: lokiHeaders(loki) })
      try {
        await runTracker({ settings, kafka, metricsHost: shipper.METRICS_HOST, logger }, stopSignal())
        logger.info('stopped')
      } finally {
        await closeLogger(logger)
      }
    })
