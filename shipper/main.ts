import { setTimeout as sleep } from 'node:timers/promises'
import { beforeJoin } from '../kafka/before-join.ts'
import {
  type Consumer,
  connectProducer,
  createConsumer,
  createKafka,
  type Kafka,
  withAdmin,
} from '../kafka/client.ts'
import { type KafkaSettings } from '../kafka/config.ts'
import { kafkaError } from '../kafka/errors.ts'
import { watchGroup } from '../kafka/group.ts'
import { commits } from '../kafka/offsets.ts'
import { ensureTopics } from '../kafka/topics.ts'
import { JOB, TOPIC } from '../log/names.ts'
import { type LokiSettings, lokiHeaders } from '../loki/config.ts'
import { reasonOf } from '../service/errors.ts'
import { startHealthServer } from '../service/health.ts'
import { type Logger } from '../service/log.ts'
import { aborted } from '../service/shutdown.ts'
import { withBeside } from './beside.ts'
import { type ShipperSettings } from './config.ts'
import { sendToDeadLetters } from './dead-letters.ts'
import { createIsolation } from './isolate.ts'
import { createLanes, type Lanes, type LanesWork } from './lanes.ts'
import { createLease } from './lease.ts'
import { watchLimits } from './limits.ts'
import { readMark, writeMark } from './mark.ts'
import { type ShipperMetrics, shipperMetrics } from './metrics.ts'
import { createOrder, type Order } from './order.ts'
import { projector } from './project.ts'
import { type ShippedTopic, sideTopics } from './side.ts'
import { laneSink, type Sink } from './sink.ts'
import { consume } from './source.ts'

export type Shipper = { settings: ShipperSettings; kafka: KafkaSettings; loki: LokiSettings; logger: Logger }

/**
 * Waits at the broker until that much is there, or that time is over: fewer and fuller pushes, for little delay.
 * LZ4 makes a quarter of our logs, so that a partition's fetch becomes a push of a megabyte (docs/performance.md).
 */
const FETCHING = { minBytes: 65_536, maxWaitMs: 100, maxBytesPerPartition: 262_144 }
/** How often a partition that is ahead looks whether the others have come closer. */
const LOOK_AGAIN_MS = 50
/** Keeps the overhead of small records within bounds, and a push within what may be ahead of a commit. */
const BATCH_RECORDS = 10_000

/**
 * Ships topics to Loki until `stop` fires, then finishes what is under way, commits, and leaves the group.
 * Each record is stored once, as LogQL counts it, or set aside. Once running it outlives any outage of
 * Kafka or Loki; it throws when it cannot start (KAFKA_*, PORT_IN_USE, CONFIG_INVALID) or when kafkajs
 * gives up for good.
 */
export async function runShipper(shipper: Shipper, stop: AbortSignal): Promise<void> {
  const { settings, kafka: where, logger } = shipper
  lokiHeaders(shipper.loki)
  const kafka = createKafka(where, 'vigie-shipper', logger)
  const waitingFor = new Map<'kafka' | 'loki', string>([['kafka', 'Kafka: has not joined the group yet']])
  let lanes: Lanes | undefined
  const metrics = shipperMetrics(() => lanes?.stands() ?? [])
  const health = await startHealthServer(
    settings.METRICS_HOST,
    settings.METRICS_PORT,
    metrics.registry,
    () => [...waitingFor.values()],
    'METRICS_PORT',
  )
  const topics = topicsOf(shipper, metrics)
  const lease = createLease(settings.SHIPPER_SESSION_TIMEOUT_MS)
  const limits = await watchLimits(shipper.loki, settings, logger)
  try {
    await withAdmin(kafka, where.KAFKA_BROKERS, (admin) =>
      ensureTopics(admin, [...new Set([...topics.keys(), TOPIC.deadLetters])], where.KAFKA_BROKERS),
    )
    const producer = await connectProducer(where, 'vigie-shipper', logger)
    const timeoutMs = settings.SHIPPER_SESSION_TIMEOUT_MS
    const consumer = createConsumer(kafka, where.KAFKA_GROUP_ID, timeoutMs, FETCHING)
    const sink: Sink = {
      loki: shipper.loki,
      pushTimeoutMs: settings.SHIPPER_PUSH_TIMEOUT_MS,
      truncate: settings.SHIPPER_TRUNCATE_LINES,
      limits: limits.current,
      isolation: createIsolation(),
      ...{ lease, metrics, logger },
      onAttempt: (problem) => {
        if (problem === undefined) waitingFor.delete('loki')
        else waitingFor.set('loki', `Loki: ${problem}`)
      },
      sendToDeadLetters: (topic, records, refusal) => sendToDeadLetters(producer, topic, records, refusal),
    }
    let onDefect: (error: unknown) => void = () => undefined
    const defect = new Promise<never>((_, reject) => {
      onDefect = reject
    })
    const order = createOrder(() => lanes?.stands() ?? [])
    const mine = createLanes(lanesWork(shipper, topics, sink, consumer, kafka, order, onDefect))
    lanes = mine
    beforeJoin(where.KAFKA_GROUP_ID, mine.endGeneration)
    consumer.on(consumer.events.HEARTBEAT, lease.renew)
    const crashed = watchGroup(consumer, logger, {
      onJoin: () => {
        lease.renew()
        waitingFor.delete('kafka')
      },
      onOutage: (reason) => void waitingFor.set('kafka', `Kafka: ${reason}`),
    })
    try {
      await consumer.connect()
      await consume(consumer, [...topics.keys()], mine, (count) => metrics.tombstones.inc(count))
      logger.info('shipping', {
        topic: where.KAFKA_TOPIC,
        group: where.KAFKA_GROUP_ID,
        brokers: where.KAFKA_BROKERS,
        loki: shipper.loki.LOKI_URL,
        health: `http://${settings.METRICS_HOST}:${health.port}`,
      })
      await Promise.race([aborted(stop), crashed, defect])
      logger.info('stopping: finishing what is under way')
      await mine.end()
    } finally {
      await consumer.disconnect()
      await producer.disconnect()
    }
  } catch (error) {
    throw kafkaError(error, where.KAFKA_BROKERS, where.KAFKA_TOPIC)
  } finally {
    lease.close()
    limits.close()
    await health.close()
  }
}

/** The topics to ship, the logs first: then kafkajs spreads those evenly. */
function topicsOf(
  { settings, kafka, logger }: Shipper,
  metrics: ShipperMetrics,
): ReadonlyMap<string, ShippedTopic> {
  const topic = kafka.KAFKA_TOPIC
  const plain = projector({
    tenantField: settings.SHIPPER_TENANT_FIELD,
    maxLabelValues: settings.SHIPPER_MAX_LABEL_VALUES,
    onDemoted: (label, isFirst) => {
      metrics.demoted.inc({ label })
      if (isFirst) logger.warn('a label has too many values; new ones become structured metadata', { label })
    },
  })
  const parts = settings.SHIPPER_METADATA
  const project = parts.length === 0 ? plain : withBeside(plain, parts)
  const logs: ShippedTopic = { topic, job: JOB.logs, project, isSide: false }
  const side = settings.SHIPPER_SIDE_TOPICS ? [...sideTopics()] : []
  return new Map([[topic, logs], ...side.filter(([name]) => name !== topic)])
}

function lanesWork(
  { settings, kafka: where, logger }: Shipper,
  topics: ReadonlyMap<string, ShippedTopic>,
  sink: Sink,
  consumer: Consumer,
  kafka: Kafka,
  order: Order,
  onError: (error: unknown) => void,
): LanesWork {
  const windowSeconds = () => sink.limits().outOfOrderMs / 2_000
  return {
    workOf(place, closed) {
      const shipped = topics.get(place.topic)
      if (shipped === undefined) throw new Error(`${place.topic} is not a topic that is shipped`)
      return {
        project: shipped.project,
        batchBytes: settings.SHIPPER_BATCH_BYTES,
        batchRecords: BATCH_RECORDS,
        // Half of what Loki takes out of order, and as much again between partitions.
        batchSeconds: () => (order.isShared(place.topic) ? windowSeconds() : Number.POSITIVE_INFINITY),
        turn: async (batch) => {
          order.note(place, batch.streams)
          await undefined // Other partitions of the same fetch note theirs first.
          while (!closed.aborted && !order.mayGo(place, batch.oldestSeconds, windowSeconds()))
            await sleep(LOOK_AGAIN_MS, undefined, { signal: closed }).catch(() => undefined)
          return !closed.aborted
        },
        ...laneSink(sink, shipped, closed),
        onError,
      }
    },
    predecessors: async (topic) => {
      const committed = await withAdmin(kafka, where.KAFKA_BROKERS, (admin) =>
        commits(admin, where.KAFKA_GROUP_ID, topic),
      )
      return new Map(
        [...committed].map(([partition, { offset, metadata }]) => [
          partition,
          readMark(Number(offset), metadata),
        ]),
      )
    },
    commit: (marks) =>
      consumer.commitOffsets(
        marks.map((mark) => ({
          topic: mark.topic,
          partition: mark.partition,
          offset: String(mark.offset),
          metadata: writeMark(mark),
        })),
      ),
    onCommitFailed: (error) =>
      logger.warn('the offsets could not be committed; it is tried again', { error: reasonOf(error) }),
  }
}
