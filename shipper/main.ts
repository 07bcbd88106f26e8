import { clusterOf, createKafka, withAdmin } from '../kafka/client.ts'
import { faultOf } from '../kafka/cluster/errors.ts'
import { callsOf } from '../kafka/consumer/calls.ts'
import { type Commit, consume } from '../kafka/consumer/consume.ts'
import { type Fetching } from '../kafka/consumer/fetcher.ts'
import { type Handler } from '../kafka/consumer/handler.ts'
import { createLease } from '../kafka/consumer/lease.ts'
import { type Obstacles } from '../kafka/consumer/obstacles.ts'
import { watchedWork, watchStalls } from '../kafka/consumer/stall-watch.ts'
import { kafkaError } from '../kafka/errors.ts'
import { ensureTopics } from '../kafka/topics.ts'
import { openWriter } from '../kafka/writer/writer.ts'
import { TOPIC } from '../log/names.ts'
import { lokiAccess } from '../loki/config.ts'
import { vigieError } from '../service/errors.ts'
import { startHealthServer } from '../service/health.ts'
import { pause } from '../service/shutdown.ts'
import { createOrder, type Order } from './batch/order.ts'
import { type Shipper } from './config.ts'
import { shipperEvents } from './events.ts'
import { createLanes, type LanesWork, type LaneTable, statusesOf } from './lane/lanes.ts'
import { shipperMetrics } from './metrics.ts'
import { probeLoki } from './probe.ts'
import { sendToDeadLetters } from './push/dead-letters.ts'
import { delivery, type Sink } from './push/deliver.ts'
import { createIsolation } from './push/isolate.ts'
import { watchLimits } from './push/limits.ts'
import { type ShippedTopics, shippedTopics } from './topics.ts'

/**
 * Waits at the broker until that much is there, or that time is over: fewer and fuller pushes, for little delay.
 * LZ4 makes a quarter of our logs, so that a partition's fetch becomes a push of a megabyte (docs/performance.md).
 */
export const FETCHING: Fetching = { minBytes: 65_536, maxWaitMs: 100, maxBytesPerPartition: 262_144 }
/** How often a partition that is ahead looks whether the others have come closer. */
const LOOK_AGAIN_MS = 50
/** Keeps the overhead of small records within bounds, and a push within what may be ahead of a commit. */
const BATCH_RECORDS = 10_000

/**
 * Ships topics to Loki until `stop` fires, then finishes what is in flight, commits, and leaves the group.
 * Each record is stored once, as LogQL counts it, or a dead letter. Once running it outlives any outage of
 * Kafka or Loki; it throws when it cannot start (KAFKA_*, PORT_IN_USE, CONFIG_INVALID), on what no waiting mends
 * (KAFKA_AUTHENTICATION, KAFKA_NOT_AUTHORISED, KAFKA_MEMBER_REPLACED), and on a defect.
 */
export async function runShipper(shipper: Shipper, stop: AbortSignal): Promise<void> {
  const { settings, kafka: where, logger } = shipper
  lokiAccess(shipper.loki)
  const table: LaneTable = new Map()
  const obstacles: Obstacles = new Map([['joining', 'Kafka: has not joined the group yet']])
  const metrics = shipperMetrics(() => statusesOf(table))
  const events = shipperEvents(metrics, logger, obstacles)
  const health = await startHealthServer(
    settings.METRICS_HOST,
    settings.METRICS_PORT,
    metrics.registry,
    () => [...new Set(obstacles.values())],
    'METRICS_PORT',
  )
  const topics = shippedTopics(shipper, events)
  const lease = createLease(settings.SHIPPER_SESSION_TIMEOUT_MS)
  const endProbe = probeLoki(shipper.loki, events.lokiProbed)
  const endStalls = watchStalls(() => watchedWork(statusesOf(table), obstacles), events.stalls)
  const limits = await watchLimits(shipper.loki, settings, events)
  const cluster = clusterOf(where, 'vigie-shipper')
  try {
    await withAdmin(createKafka(where, 'vigie-shipper', logger), where.KAFKA_BROKERS, (admin) =>
      ensureTopics(admin, [...new Set([...topics.subscribed.names, TOPIC.deadLetters])], where.KAFKA_BROKERS),
    )
    const writer = await openWriter(where, 'vigie-shipper')
    const sink: Sink = {
      loki: shipper.loki,
      pushTimeoutMs: settings.SHIPPER_PUSH_TIMEOUT_MS,
      truncate: settings.SHIPPER_TRUNCATE_LINES,
      limits: limits.current,
      isolation: createIsolation(),
      ...{ lease, events },
      sendToDeadLetters: (of, records, refusal) => sendToDeadLetters(writer, of, records, refusal),
    }
    const defect = new AbortController()
    const order = createOrder(() => statusesOf(table))
    const work = lanesWork({ shipper, topics, sink, order, onDefect: (error) => defect.abort(error) })
    const handlerOf = (send: Commit): Handler => {
      const commit: Commit = async (offsets) => {
        await send(offsets)
        events.committed()
      }
      const lanes = createLanes(table, { ...work, commit })
      return {
        ...lanes,
        async end(partitions, revocation) {
          await lanes.end(partitions, revocation)
          events.partitionsEnded(table.size)
        },
        unreadable: events.unreadable,
        gap(gap) {
          events.gap(gap)
          lanes.gap(gap)
        },
        joined: events.joined,
        rebalancing: events.rebalancing,
        heard: lease.renew,
        trouble: events.kafkaTrouble,
      }
    }
    logger.info('shipping', {
      topic: where.KAFKA_TOPIC,
      group: where.KAFKA_GROUP_ID,
      brokers: where.KAFKA_BROKERS,
      loki: shipper.loki.LOKI_URL,
      health: `http://${settings.METRICS_HOST}:${health.port}`,
    })
    stop.addEventListener('abort', () => logger.info('stopping: finishing what is in flight'), { once: true })
    try {
      await consume(
        {
          calls: callsOf(cluster),
          groupId: where.KAFKA_GROUP_ID,
          instanceId: settings.SHIPPER_INSTANCE_ID,
          topics: topics.subscribed,
          sessionTimeoutMs: settings.SHIPPER_SESSION_TIMEOUT_MS,
          fetching: FETCHING,
        },
        handlerOf,
        AbortSignal.any([stop, defect.signal]),
      )
      defect.signal.throwIfAborted()
    } finally {
      writer.close()
    }
  } catch (error) {
    const { SHIPPER_INSTANCE_ID: instance = '' } = settings
    if (faultOf(error) === 'FENCED_INSTANCE_ID')
      throw vigieError('KAFKA_MEMBER_REPLACED', { instance, group: where.KAFKA_GROUP_ID }, error)
    throw kafkaError(error, where.KAFKA_BROKERS, where.KAFKA_TOPIC)
  } finally {
    cluster.close()
    lease.close()
    limits.close()
    endProbe()
    endStalls()
    await health.close()
  }
}

type WorkParts = {
  shipper: Shipper
  topics: ShippedTopics
  sink: Sink
  order: Order
  onDefect: (error: unknown) => void
}

/** What the lanes do with Loki. */
function lanesWork({
  shipper: { settings },
  topics,
  sink,
  order,
  onDefect,
}: WorkParts): Omit<LanesWork, 'commit'> {
  const { events } = sink
  const windowSeconds = () => sink.limits().outOfOrderMs / 2_000
  return {
    workOf(of, ending) {
      const shipped = topics.of(of.topic)
      const { signal: closed } = ending.closed
      return {
        project: (record) => shipped.project(record, of.partition),
        batchBytes: settings.SHIPPER_BATCH_BYTES,
        batchRecords: BATCH_RECORDS,
        // Half of what Loki takes out of order, and as much again between partitions.
        batchSeconds: () => (order.isShared(of.topic) ? windowSeconds() : Number.POSITIVE_INFINITY),
        order: async (batch) => {
          order.note(of, batch.streams)
          await undefined // Other partitions of the same fetch note theirs first.
          while (!closed.aborted && !order.mayGo(of, batch.oldestSeconds, windowSeconds()))
            await pause(LOOK_AGAIN_MS, closed)
          return !closed.aborted
        },
        ...delivery(sink, shipped, of, ending),
        onDefect,
      }
    },
    onCommitFailed: events.commitFailed,
    onTombstones: events.tombstones,
  }
}
