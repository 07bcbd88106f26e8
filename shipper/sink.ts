import { setTimeout as sleep } from 'node:timers/promises'
import { type LokiSettings } from '../loki/config.ts'
import { delayBeforeMs, type Outcome } from '../loki/outcome.ts'
import { encoded, push } from '../loki/push.ts'
import { type Logger } from '../service/log.ts'
import { type Batch } from './batch.ts'
import { type ShipperMetrics } from './metrics.ts'

export type Sink = {
  loki: LokiSettings
  pushTimeoutMs: number
  metrics: ShipperMetrics
  logger: Logger
  /** Told after each attempt whether Loki took it. */
  onAttempt: (outcome: Outcome) => void
}

/**
 * Pushes a batch until Loki has it or refuses it, however long that takes. Resolves with the last
 * outcome, which is `retry` only when `stop` fired or the partition was lost in between: then nothing
 * may be committed.
 */
export async function pushUntilSettled(
  sink: Sink,
  batch: Batch,
  stop: AbortSignal,
  isMine: () => boolean,
): Promise<Outcome> {
  const { body, records, uncompressedBytes } = await encoded(batch.streams)
  for (let attempt = 1; ; attempt++) {
    const outcome = await push(sink.loki, body, sink.pushTimeoutMs)
    sink.onAttempt(outcome)
    if (outcome.kind === 'stored') {
      sink.metrics.records.inc(records)
      sink.metrics.bytes.inc(uncompressedBytes)
      sink.metrics.batches.inc()
      sink.metrics.unparsed.inc(batch.unparsed)
      sink.metrics.succeeded()
      if (attempt > 1) sink.logger.info('Loki takes logs again', { attempt })
      return outcome
    }
    sink.metrics.errors.inc({ reason: outcome.reason })
    if (outcome.kind === 'refused' || stop.aborted) return outcome
    const delayMs = delayBeforeMs(attempt, Math.random())
    sink.logger.warn('Loki did not take a push; it is tried again', {
      reason: outcome.reason,
      detail: outcome.detail,
      attempt,
      delayMs,
      records,
    })
    await sleep(delayMs, undefined, { signal: stop }).catch(() => undefined)
    if (stop.aborted || !isMine()) return outcome
    sink.metrics.retries.inc()
  }
}
