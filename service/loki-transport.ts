import { Agent } from 'node:https'
import winston from 'winston'
import LokiTransport from 'winston-loki'
import { JOB, OWN_LOG_LABEL } from '../log/names.ts'

/** Where own logs are pushed to, the headers that say who does, and the certificates to trust. */
export type LokiTarget = { url: string; headers: Record<string, string>; ca?: string | undefined }

/** Under this key winston keeps the line that a format made of a log. */
const LINE = Symbol.for('message')
type Info = Record<string | symbol, unknown>

/** What winston-loki 6 keeps until it is pushed: a stream for each level. Its types do not tell. */
type Batcher = {
  batch: { streams: { labels: Record<string, string>; entries: unknown[] }[] }
  clearBatch: () => void
}

/**
 * So many lines wait while Loki is away; those beyond are on stderr only. A service that tells of an outage writes
 * about ten lines a minute, of some 300 bytes.
 */
export const MAX_WAITING_LINES = 1_000
/** Longer lines go to Loki without their details, so that what waits is bounded: 8 MB at the very most. */
export const MAX_LINE_CHARACTERS = 8_192
/** Which lines are dropped first; alerts are made of errors. */
const LEAST_IMPORTANT = ['debug', 'info', 'warn', 'error']
/** Answers by which Loki refuses a push for now, not for good. */
const PASSING = [408, 429]

/**
 * winston-loki, within bounds. Lines that could not be pushed are pushed again after a minute, at least once each;
 * those that Loki refuses are not. `onFailure` is told of each push that failed
 * before it was closed.
 */
export class BoundedLokiTransport extends LokiTransport {
  #isClosing = false

  constructor(service: string, { url, headers, ca }: LokiTarget, onFailure: (error: unknown) => void) {
    super({
      host: url,
      labels: { job: JOB.vigie, [OWN_LOG_LABEL.service]: service },
      json: true,
      interval: 2,
      timeout: 5_000,
      headers,
      ...(ca === undefined ? {} : { httpsAgent: new Agent({ ca }) }),
      format: winston.format.json(),
      gracefulShutdown: false,
      onConnectionError: (error: unknown) => {
        if (isRefusal(error)) this.#batcher.clearBatch()
        this.#drop()
        // Whoever closes it writes no more logs.
        if (!this.#isClosing) onFailure(error)
      },
    })
  }

  override close(): Promise<void> {
    this.#isClosing = true
    return super.close()
  }

  override log(info: Info, next: () => void): void {
    super.log?.(shortened(info), next)
    this.#drop()
  }

  get #batcher(): Batcher {
    return (this as unknown as { batcher: Batcher }).batcher
  }

  #drop(): void {
    const { streams } = this.#batcher.batch
    let excess = streams.reduce((lines, { entries }) => lines + entries.length, 0) - MAX_WAITING_LINES
    for (const level of LEAST_IMPORTANT) {
      if (excess <= 0) return
      for (const { labels, entries } of streams)
        if (labels[OWN_LOG_LABEL.level] === level)
          excess -= entries.splice(0, Math.min(excess, entries.length)).length
    }
    // What is empty would be refused.
    this.#batcher.batch.streams = streams.filter(({ entries }) => entries.length > 0)
  }
}

/** Loki has said no to what the push holds: it would say so each time. */
function isRefusal(error: unknown): boolean {
  const { statusCode = 0 } = error as { statusCode?: number }
  return statusCode >= 400 && statusCode < 500 && !PASSING.includes(statusCode)
}

/** A log whose line is not too long: without its details, if need be. */
function shortened(info: Info): Info {
  if (String(info[LINE]).length <= MAX_LINE_CHARACTERS) return info
  const { level, service, timestamp } = info
  const message = String(info.message).slice(0, MAX_LINE_CHARACTERS / 2)
  const line = JSON.stringify({ level, message, service, timestamp, details: 'too long; they are on stderr' })
  return { ...info, [LINE]: line }
}
