import { clusterOf, createKafka, withAdmin } from '../kafka/client.ts'
import { type KafkaSettings, subscriptionOf } from '../kafka/config.ts'
import { callsOf } from '../kafka/consumer/calls.ts'
import { consume } from '../kafka/consumer/consume.ts'
import { type Fetching } from '../kafka/consumer/fetcher.ts'
import { createLease } from '../kafka/consumer/lease.ts'
import { type Obstacles } from '../kafka/consumer/obstacles.ts'
import { tellStalls, watchedWork, watchStalls } from '../kafka/consumer/stall-watch.ts'
import { kafkaError } from '../kafka/errors.ts'
import { ensureTopics } from '../kafka/topics.ts'
import { TOPIC } from '../log/names.ts'
import { startHealthServer } from '../service/health.ts'
import { type Logger } from '../service/log.ts'
import { type TrackerSettings } from './config.ts'
import { type Lags, trackerHandler } from './handler.ts'
import { trackerMetrics } from './metrics.ts'
import { createOwnership } from './ownership.ts'

export type Tracker = {
  settings: TrackerSettings
  kafka: KafkaSettings
  metricsHost: string
  logger: Logger
}

/** Incidents are few and people wait for them: whatever there is is taken at once. */
const FETCHING: Fetching = { minBytes: 1, maxWaitMs: 500, maxBytesPerPartition: 1_048_576 }

/**
 * Tracks the incidents of the topics of logs until `stop` fires, then finishes the transaction in flight
 * and leaves the group. Once running it outlives any outage of Kafka; it throws when it cannot start
 * (KAFKA_*, PORT_IN_USE, CONFIG_INVALID), on INCIDENT_STATE_UNREADABLE, on what no waiting mends, and on a defect.
 */
export async function runTracker(tracker: Tracker, stop: AbortSignal): Promise<void> {
  const { settings, kafka: where, metricsHost, logger } = tracker
  const { KAFKA_BROKERS: brokers, KAFKA_TOPIC: topic } = where
  const groupId = settings.TRACKER_GROUP_ID
  const sessionTimeoutMs = settings.TRACKER_SESSION_TIMEOUT_MS
  const topics = subscriptionOf(where)
  const ownership = createOwnership({ where, groupId, logger })
  const lags: Lags = new Map()
  const obstacles: Obstacles = new Map([['joining', 'Kafka: has not joined the group yet']])
  const metrics = trackerMetrics(ownership.openIncidents, () => [...lags.values()])
  const health = await startHealthServer(
    metricsHost,
    settings.TRACKER_METRICS_PORT,
    metrics.registry,
    () => [...new Set(obstacles.values())],
    'TRACKER_METRICS_PORT',
  )
  const lease = createLease(sessionTimeoutMs)
  const endStalls = watchStalls(
    () =>
      watchedWork(
        [...lags.values()].map(({ messages, ...standing }) => ({ ...standing, lag: messages })),
        obstacles,
      ),
    (looked) => metrics.stuck.set(tellStalls(looked, logger, obstacles)),
  )
  const cluster = clusterOf(where, 'vigie-tracker')
  try {
    await withAdmin(createKafka(where, 'vigie-tracker', logger), brokers, (admin) =>
      ensureTopics(admin, [...topics.names, TOPIC.incidents, TOPIC.incidentsState], brokers),
    )
    logger.info('tracking', {
      topic,
      group: groupId,
      brokers,
      health: `http://${metricsHost}:${health.port}`,
    })
    stop.addEventListener('abort', () => logger.info('stopping: finishing what is in flight'), { once: true })
    await consume(
      {
        calls: callsOf(cluster),
        ...{ groupId, sessionTimeoutMs },
        topics,
        fetching: FETCHING,
      },
      () => trackerHandler({ groupId, brokers, logger, ownership, metrics, lags, lease, obstacles }),
      stop,
    )
  } catch (error) {
    throw kafkaError(error, brokers, topic)
  } finally {
    cluster.close()
    lease.close()
    endStalls()
    await health.close()
  }
}
