import { setTimeout as sleep } from 'node:timers/promises'
import winston from 'winston'
import LokiTransport from 'winston-loki'
import { JOB } from '../log/names.ts'
import { reasonOf } from './errors.ts'
import { type LoggerSettings } from './log.ts'
import { isSecretKey, redacted } from './redact.ts'

/** Where LOG_TO_LOKI pushes to, and the headers that say who does. */
export type LokiTarget = { url: string; headers: Record<string, string> }

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
      logger.warn('own logs did not reach Loki; they go on here', { error: reasonOf(error) })
    }
    transports.push(lokiTransport(service, loki, onError))
  }
  const logger = winston.createLogger({
    level: settings.LOG_LEVEL,
    defaultMeta: { service },
    format: common,
    transports,
  })
  return logger
}

function lokiTransport(
  service: string,
  loki: LokiTarget,
  onConnectionError: (error: unknown) => void,
): winston.transport {
  return new LokiTransport({
    host: loki.url,
    labels: { job: JOB.vigie, service },
    json: true,
    interval: 2,
    timeout: 5_000,
    headers: loki.headers,
    format: winston.format.json(),
    gracefulShutdown: false,
    // A refused batch is dropped here (it is on stderr anyway) rather than queued without bound.
    clearOnError: true,
    onConnectionError,
  })
}

/** How long the end of a service may wait for its last own logs to reach Loki. */
const FLUSH_PATIENCE_MS = 2_000

/** Resolves once everything logged so far has left the process. */
export async function closeLogger(logger: winston.Logger): Promise<void> {
  const flushed = logger.transports.map((each) => (each instanceof LokiTransport ? each.flush() : null))
  await Promise.race([Promise.allSettled(flushed), sleep(FLUSH_PATIENCE_MS, undefined, { ref: false })])
  await new Promise<void>((resolve) => {
    logger.on('finish', resolve)
    logger.end()
  })
}
