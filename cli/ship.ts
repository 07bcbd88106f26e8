import { Command } from 'commander'
import { lokiHeaders } from '../loki/config.ts'
import { stopSignal } from '../service/shutdown.ts'
import { readSettings } from './settings.ts'

export const shipCommand = (): Command =>
  new Command('ship')
    .description('Ship a Kafka topic to Loki until it is stopped (SIGTERM finishes what is in flight).')
    .addHelpText(
      'after',
      '\nExample:\n  $ KAFKA_BROKERS=kafka:9092 LOKI_URL=http://loki:3100 vigie ship\n\nHealth: /healthz, /readyz and /metrics on METRICS_PORT. `vigie config` lists the settings.',
    )
    .action(async () => {
      // Loaded here: other commands need neither the logger nor the health server.
      const { closeLogger, createLogger } = await import('../service/logger.ts')
      const { runShipper } = await import('../shipper/main.ts')
      const { shipper: settings, kafka, loki, logger: logging } = readSettings(process.env)
      const logger = createLogger('shipper', logging, { url: loki.LOKI_URL, headers: lokiHeaders(loki) })
      try {
        await runShipper({ settings, kafka, loki, logger }, stopSignal())
        logger.info('stopped')
      } finally {
        await closeLogger(logger)
      }
    })
