import { type Fetched, type Handler } from '../kafka/consumer/handler.ts'
import { type Lease } from '../kafka/consumer/lease.ts'
import { noteTrouble, type Obstacles } from '../kafka/consumer/obstacles.ts'
import { keyOf, placeOf, type TopicPartition } from '../kafka/consumer/partitions.ts'
import { type DecodedRecord } from '../kafka/decoded-record.ts'
import { kafkaError } from '../kafka/errors.ts'
import { type Backoff, pauseAfter } from '../service/backoff.ts'
import { VigieError } from '../service/errors.ts'
import { type PartitionLag } from '../service/lag.ts'
import { type Logger } from '../service/log.ts'
import { pause } from '../service/shutdown.ts'
import { type Digest, digest } from './digest.ts'
import { type TrackerMetrics } from './metrics.ts'
import { type Owned, type Ownership } from './ownership.ts'
import { commit } from './sink.ts'

/** Where each partition stands, by `keyOf`, as its last fetch showed it. */
export type Lags = Map<string, TopicPartition & PartitionLag & { acknowledged: number }>

export type HandlerParts = {
  groupId: string
  brokers: readonly string[]
  logger: Logger
  ownership: Ownership
  metrics: TrackerMetrics
  lags: Lags
  lease: Lease
  obstacles: Obstacles
}

/** The pause after a transaction that failed, doubled each time up to the longest. */
const AGAIN_MS: Backoff = { first: 300, longest: 10_000 }
/** How often a partition looks whether its member counts in the group. */
const LOOK_AGAIN_MS = 100

/** Handles each fetch of a partition in one transaction, which commits its offsets as well. */
export function trackerHandler(parts: HandlerParts): Handler {
  const { groupId, logger, ownership, metrics, lags, lease, obstacles } = parts
  const inFlight = new Map<string, Promise<void>>()
  const ended = new Map<string, AbortController>()

  const handle = async (fetched: Fetched): Promise<void> => {
    const { signal } = ended.get(keyOf(fetched)) ?? { signal: AbortSignal.abort() }
    let failures = 0
    while (!signal.aborted) {
      // A process that was away too long must not fence its successor.
      if (!lease.isValid()) await pause(LOOK_AGAIN_MS, signal)
      else if (await isHandled(parts, fetched, signal)) return
      else await pause(pauseAfter(AGAIN_MS, ++failures), signal)
    }
  }

  return {
    begin({ topic, partition }) {
      const of = { topic, partition }
      ended.set(keyOf(of), new AbortController())
      ownership.assign(of)
    },
    async records(fetched) {
      const key = keyOf(fetched)
      if (ended.has(key)) lags.set(key, lagAt(fetched, fetched.firstOffset, fetched.records[0]))
      const work = handle(fetched)
      inFlight.set(key, work)
      try {
        await work
      } finally {
        if (inFlight.get(key) === work) inFlight.delete(key)
      }
    },
    gap({ topic, partition, from, to, cause }) {
      metrics.lost.inc({ cause }, Math.max(0, to - from))
      logger.error('Kafka lost logs before they were tracked', { topic, partition, from, to, cause })
    },
    unreadable({ topic, partition, firstOffset: from, nextOffset: to, problem }) {
      metrics.lost.inc({ cause: 'unreadable' }, to - from)
      logger.error('records cannot be read; they are passed over', { topic, partition, from, to, problem })
    },
    async end(partitions) {
      for (const each of partitions) ended.get(keyOf(each))?.abort()
      await Promise.allSettled(partitions.map((each) => inFlight.get(keyOf(each))))
      await Promise.all(partitions.map(ownership.end))
      for (const each of partitions) {
        ended.delete(keyOf(each))
        // What was taken away is somebody else's lag.
        lags.delete(keyOf(each))
      }
    },
    joined(partitions) {
      obstacles.delete('joining')
      logger.info('joined the group', { partitions: partitions.map(placeOf) })
    },
    rebalancing: (givenUp) =>
      void logger.info('the group is rebalancing', { group: groupId, givenUp: givenUp.map(placeOf) }),
    heard: lease.renew,
    trouble: (of, reason) => noteTrouble(obstacles, logger, of, reason),
  }
}

/** Handles one fetch in one transaction; true once that is committed. Throws what no second try mends. */
async function isHandled(parts: HandlerParts, fetched: Fetched, ended: AbortSignal): Promise<boolean> {
  const { groupId, brokers, logger, ownership, metrics, lags, obstacles } = parts
  const { topic, partition, nextOffset } = fetched
  const of: TopicPartition = { topic, partition }
  try {
    const owned: Owned = await ownership.of(of)
    if (ended.aborted) return false
    const records = fetched.records.filter(({ offsetNumber }) => BigInt(offsetNumber) >= owned.nextOffset)
    if (records.length > 0) {
      const digested = digest(owned.states, records)
      await commit(owned, digested, { groupId, topic, partition, nextOffset: BigInt(nextOffset) })
      count(metrics, digested)
    }
    obstacles.delete(`transaction ${keyOf(of)}`)
    lags.set(keyOf(of), lagAt(fetched, nextOffset, fetched.records.at(-1)))
    return true
  } catch (error) {
    await ownership.giveUp(of)
    if (ended.aborted) return false
    const ours = kafkaError(error, brokers, topic)
    if (!(ours instanceof VigieError) || !ours.canRetry) throw ours
    obstacles.set(`transaction ${keyOf(of)}`, `Kafka: ${ours.message}`)
    logger.warn('a transaction did not succeed; taking the partition over anew', {
      topic,
      partition,
      error: ours.message,
    })
    return false
  }
}

/** How far behind a partition is, of which everything before `acknowledged` is tracked; `waiting` is about as old as what waits. */
function lagAt({ topic, partition, endOffset }: Fetched, acknowledged: number, waiting?: DecodedRecord) {
  const messages = Math.max(0, endOffset - acknowledged)
  const oldestWaitingMs = messages > 0 ? waiting?.timestampMs : undefined
  return { topic, partition, acknowledged, messages, oldestWaitingMs }
}

function count(metrics: TrackerMetrics, { events, verdicts }: Digest): void {
  metrics.transactions.inc()
  for (const [verdict, logs] of Object.entries(verdicts)) if (logs > 0) metrics.logs.inc({ verdict }, logs)
  for (const { event } of events) metrics.events.inc({ event })
}
