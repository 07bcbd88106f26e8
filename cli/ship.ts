import { Command } from 'commander'
import { closeLogger, createLogger } from '../service/logger.ts'
import { stopSignal } from '../service/shutdown.ts'
import { runShipper } from '../shipper/main.ts'
import { readSettings } from './settings.ts'

export const shipCommand = (): Command =>
  new Command('ship')
    .description('Ship a Kafka topic to Loki until it is stopped (SIGTERM finishes what is in flight).')
    .addHelpText(
      'after',
      '\nExample:\n  $ KAFKA_BROKERS=kafka:9092 LOKI_URL=http://loki:3100 vigie ship\n\nHealth: /healthz, /readyz and /metrics on METRICS_PORT. `vigie config` lists the settings.',
    )
    .action(async () => {
      const { shipper: settings, kafka, loki, logger: logging } = readSettings(process.env)
      const logger = createLogger('shipper', logging, loki)
      try {
        await runShipper({ settings, kafka, loki, logger }, stopSignal())
        logger.info('stopped')
      } finally {
        await closeLogger(logger)
      }
    })
