import { reasonOf } from '../service/errors.ts'
import { type Logger } from '../service/log.ts'
import { type Consumer, type EachBatchPayload } from './client.ts'

/** How often a heartbeat is offered; kafkajs sends one when its interval has passed. */
const HEARTBEAT_CHECK_MS = 1_000

/**
 * Sends heartbeats while `work` runs. When the group rebalances, `lost` fires so that the work ends early,
 * and the error that kafkajs wants to see is thrown once it has.
 */
export async function keepingMembership(
  payload: EachBatchPayload,
  work: (lost: AbortSignal) => Promise<void>,
): Promise<void> {
  const lost = new AbortController()
  const timer = setInterval(() => {
    payload.heartbeat().catch((error: unknown) => lost.abort(error))
  }, HEARTBEAT_CHECK_MS)
  try {
    await work(lost.signal)
  } catch (error) {
    throw lost.signal.aborted ? lost.signal.reason : error
  } finally {
    clearInterval(timer)
  }
  if (lost.signal.aborted) throw lost.signal.reason
}

/** What a service hears of its group. */
export type GroupEvents = {
  /** A new generation began; the partitions that are now its own, by topic. */
  onJoin: (partitions: Readonly<Record<string, number[]>>) => void
  /** Kafka does not answer, and why. The consumer comes back by itself. */
  onOutage: (reason: string) => void
}

/** Reports how the group goes; the promise rejects when kafkajs gives up for good. */
export function watchGroup(consumer: Consumer, logger: Logger, events: GroupEvents): Promise<never> {
  const { GROUP_JOIN, CRASH, REBALANCING } = consumer.events
  consumer.on(GROUP_JOIN, ({ payload }) => {
    events.onJoin(payload.memberAssignment)
    logger.info('joined the group', { partitions: payload.memberAssignment })
  })
  consumer.on(REBALANCING, () => void logger.info('the group is rebalancing'))
  return new Promise((_, reject) => {
    consumer.on(CRASH, ({ payload }) => {
      events.onOutage(reasonOf(payload.error))
      if (!payload.restart) reject(payload.error)
      else logger.warn('Kafka does not answer; waiting for it', { error: reasonOf(payload.error) })
    })
  })
}

/** A fetch that holds no records for us: only markers of transactions, or records of aborted ones. */
export type EmptyFetch = { topic: string; partition: number; lastOffset: bigint; endOffset: bigint }

/** kafkajs moves past such a fetch by itself, but tells no handler: it would count as lag for ever. */
export function onEmptyFetch(consumer: Consumer, handle: (fetch: EmptyFetch) => Promise<void>): void {
  consumer.on(consumer.events.END_BATCH_PROCESS, async ({ payload }) => {
    if (payload.batchSize > 0) return
    const { topic, partition, lastOffset, highWatermark } = payload
    await handle({ topic, partition, lastOffset: BigInt(lastOffset), endOffset: BigInt(highWatermark) })
  })
}
