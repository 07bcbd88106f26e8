import { setTimeout as sleep } from 'node:timers/promises'
import winston from 'winston'
import { reasonOf } from './errors.ts'
import { type LoggerSettings } from './log.ts'
import { BoundedLokiTransport, type LokiTarget } from './loki-transport.ts'
import { isSecretKey, redacted } from './redact.ts'

/** winston reads level and message through symbols, so the record is changed in place. */
const redact = winston.format((info) => {
  for (const key of Object.keys(info)) {
    info[key] = isSecretKey(key) ? '***' : redacted(info[key])
  }
  return info
})

const pretty = winston.format.printf(({ timestamp, level, message, service: _, ...rest }) => {
  const time = String(timestamp).slice(11, 19)
  const details = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return [`${time} ${level.padEnd(5)} ${message}`, ...details].join('  ')
})

/**
 * The logger of one service: JSON lines on stderr (pretty on a terminal), never a secret, and with
 * LOG_TO_LOKI also in Loki. stdout stays free for results.
 */
export function createLogger(service: string, settings: LoggerSettings, loki?: LokiTarget): winston.Logger {
  const { format } = winston
  const common = format.combine(redact(), format.timestamp())
  const levels = ['error', 'warn', 'info', 'debug']
  let lokiFailed = false
  const transports: winston.transport[] = [
    new winston.transports.Console({
      stderrLevels: levels,
      format: process.stderr.isTTY ? pretty : format.json(),
    }),
  ]
  if (settings.LOG_TO_LOKI && loki !== undefined) {
    const onError = (error: unknown) => {
      if (lokiFailed) return
      lokiFailed = true
      logger.warn('own logs do not reach Loki; they are here, and are pushed again', {
        error: reasonOf(error),
      })
    }
    transports.push(new BoundedLokiTransport(service, loki, onError))
  }
  const logger = winston.createLogger({
    level: settings.LOG_LEVEL,
    defaultMeta: { service },
    format: common,
    transports,
  })
  return logger
}

/** How long the end of a service may wait for its last own logs to reach Loki. */
const FLUSH_PATIENCE_MS = 2_000

/** Resolves once everything logged so far has left the process. */
export async function closeLogger(logger: winston.Logger): Promise<void> {
  const flushed = logger.transports.map((each) =>
    each instanceof BoundedLokiTransport ? each.close() : undefined,
  )
  await Promise.race([Promise.allSettled(flushed), sleep(FLUSH_PATIENCE_MS, undefined, { ref: false })])
  await new Promise<void>((resolve) => {
    logger.on('finish', resolve)
    logger.end()
  })
}
