import { lokiAccess } from '../loki/config.ts'
import { reasonOf } from '../service/errors.ts'
import { type Logger } from '../service/log.ts'
import { stopSignal } from '../service/shutdown.ts'
import { readSettings, type Settings } from './settings.ts'

/** Runs one of our services, which logs under that name, until it is stopped. */
export async function serve(
  name: string,
  run: (settings: Settings, logger: Logger, stop: AbortSignal) => Promise<void>,
): Promise<void> {
  // Loaded here: other commands need no logger.
  const { closeLogger, createLogger } = await import('../service/logger.ts')
  const settings = readSettings(process.env)
  const { loki } = settings
  const logger = createLogger(name, settings.logger, { url: loki.LOKI_URL, ...lokiAccess(loki) })
  try {
    await run(settings, logger, stopSignal())
    logger.info('stopped')
  } catch (error) {
    // The report on stderr reaches whoever looks; this reaches the alert.
    logger.error('the service ends', { error: reasonOf(error) })
    throw error
  } finally {
    await closeLogger(logger)
  }
}
