import { createConsumer, createKafka, withAdmin } from '../kafka/client.ts'
import { type KafkaSettings } from '../kafka/config.ts'
import { kafkaError } from '../kafka/errors.ts'
import { onEmptyFetch, watchGroup } from '../kafka/group.ts'
import { ensureTopics } from '../kafka/topics.ts'
import { TOPIC } from '../log/names.ts'
import { startHealthServer } from '../service/health.ts'
import { type PartitionLag } from '../service/lag.ts'
import { type Logger } from '../service/log.ts'
import { aborted } from '../service/shutdown.ts'
import { type TrackerSettings } from './config.ts'
import { type Digest, digest } from './digest.ts'
import { type TrackerMetrics, trackerMetrics } from './metrics.ts'
import { createOwnership, type Owned, type Ownership } from './ownership.ts'
import { commit } from './sink.ts'
import { consume, type Fetched } from './source.ts'

export type Tracker = {
  settings: TrackerSettings
  kafka: KafkaSettings
  metricsHost: string
  logger: Logger
}

/** Where each partition stands, as its last fetch showed it. */
type Lags = Map<number, PartitionLag>

/** What handling a fetch needs. `status` is what /readyz says. */
type Job = {
  tracker: Tracker
  ownership: Ownership
  metrics: TrackerMetrics
  lags: Lags
  status: { waitingFor: string[] }
}

/**
 * Tracks the incidents of a topic of logs until `stop` fires, then finishes the transaction under way
 * and leaves the group. Once running it outlives any outage of Kafka; it throws when it cannot start
 * (KAFKA_*, PORT_IN_USE, CONFIG_INVALID), on INCIDENT_STATE_UNREADABLE, or when kafkajs gives up for good.
 */
export async function runTracker(tracker: Tracker, stop: AbortSignal): Promise<void> {
  const { settings, kafka: where, metricsHost, logger } = tracker
  const { KAFKA_BROKERS: brokers, KAFKA_TOPIC: topic } = where
  const groupId = settings.TRACKER_GROUP_ID
  const kafka = createKafka(where, 'vigie-tracker', logger)
  const ownership = createOwnership({ kafka, where, groupId, logger })
  const lags: Lags = new Map()
  const metrics = trackerMetrics(ownership.openIncidents, () => [...lags.values()])
  const status = { waitingFor: ['Kafka: has not joined the group yet'] }
  const job: Job = { tracker, ownership, metrics, lags, status }
  const health = await startHealthServer(
    metricsHost,
    settings.TRACKER_METRICS_PORT,
    metrics.registry,
    () => status.waitingFor,
    'TRACKER_METRICS_PORT',
  )
  try {
    await withAdmin(kafka, brokers, (admin) =>
      ensureTopics(admin, [topic, TOPIC.incidents, TOPIC.incidentsState], brokers),
    )
    const consumer = createConsumer(kafka, groupId, settings.TRACKER_SESSION_TIMEOUT_MS)
    const crashed = watchGroup(consumer, logger, {
      onJoin: (partitions) => {
        ownership.assign(partitions[topic] ?? [])
        // Partitions that were taken away are somebody else's lag.
        lags.clear()
        status.waitingFor = []
      },
      onOutage: (reason) => {
        status.waitingFor = [`Kafka: ${reason}`]
      },
    })
    onEmptyFetch(consumer, async (fetch) => setLag(lags, fetch, undefined))
    try {
      await consumer.connect()
      await consume(consumer, topic, (fetched) => handled(job, fetched))
      logger.info('tracking', {
        topic,
        group: groupId,
        brokers,
        health: `http://${metricsHost}:${health.port}`,
      })
      await Promise.race([aborted(stop), crashed])
      logger.info('stopping: finishing what is in flight')
    } finally {
      await consumer.disconnect()
      await ownership.close()
    }
  } catch (error) {
    throw kafkaError(error, brokers, topic)
  } finally {
    await health.close()
  }
}

type Reached = { partition: number; lastOffset: bigint; endOffset: bigint }

function setLag(lags: Lags, { partition, lastOffset, endOffset }: Reached, lastMs: number | undefined): void {
  const messages = Number(endOffset - lastOffset) - 1
  lags.set(partition, { messages, oldestWaitingMs: messages > 0 ? lastMs : undefined })
}

/** Handles one fetch in one transaction; resolves with true once that is committed. */
async function handled(job: Job, fetched: Fetched): Promise<boolean> {
  const { tracker, ownership, metrics, lags, status } = job
  const { partition, lastOffset, isMine } = fetched
  const { KAFKA_BROKERS: brokers, KAFKA_TOPIC: topic } = tracker.kafka
  let owned: Owned | undefined
  try {
    owned = await ownership.of(partition)
    const { nextOffset } = owned
    const records = fetched.records.filter(({ offset }) => BigInt(offset) >= nextOffset)
    if (records.length > 0) {
      const digested = digest(owned.states, records)
      if (!isMine()) return false
      const groupId = tracker.settings.TRACKER_GROUP_ID
      await commit(owned, digested, { groupId, topic, partition, nextOffset: lastOffset + 1n })
      count(metrics, digested)
    }
    status.waitingFor = []
    setLag(lags, fetched, Number(fetched.records.at(-1)?.timestamp))
    return true
  } catch (error) {
    if (owned !== undefined) await ownership.failed(owned)
    const ours = kafkaError(error, brokers, topic)
    // kafkajs tries again whatever does not forbid it.
    if (!ours.canRetry) throw Object.assign(ours, { retriable: false })
    status.waitingFor = [`Kafka: ${ours.message}`]
    tracker.logger.warn('a transaction did not succeed; taking the partitions over anew', {
      error: ours.message,
    })
    throw ours
  }
}

function count(metrics: TrackerMetrics, { events, verdicts }: Digest): void {
  metrics.transactions.inc()
  for (const [verdict, logs] of Object.entries(verdicts)) if (logs > 0) metrics.logs.inc({ verdict }, logs)
  for (const { event } of events) metrics.events.inc({ event })
}
