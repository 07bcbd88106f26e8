import { beforeJoin } from '../kafka/before-join.ts'
import { connectProducer, createConsumer, createKafka, withAdmin } from '../kafka/client.ts'
import { kafkaError } from '../kafka/errors.ts'
import { watchGroup } from '../kafka/group.ts'
import { ensureTopics } from '../kafka/topics.ts'
import { JOB, TOPIC } from '../log/names.ts'
import { lokiAccess } from '../loki/config.ts'
import { startHealthServer } from '../service/health.ts'
import { aborted } from '../service/shutdown.ts'
import { withBeside } from './beside.ts'
import { type Shipper } from './config.ts'
import { sendToDeadLetters } from './dead-letters.ts'
import { createIsolation } from './isolate.ts'
import { createLanes, type Lanes } from './lanes.ts'
import { createLease } from './lease.ts'
import { watchLimits } from './limits.ts'
import { type ShipperMetrics, shipperMetrics } from './metrics.ts'
import { createOrder } from './order.ts'
import { probeLoki } from './probe.ts'
import { projector } from './project.ts'
import { type ShippedTopic, sideTopics } from './side.ts'
import { type Sink } from './sink.ts'
import { consume, FETCHING } from './source.ts'
import { lanesWork } from './work.ts'

/**
 * Ships topics to Loki until `stop` fires, then finishes what is under way, commits, and leaves the group.
 * Each record is stored once, as LogQL counts it, or set aside. Once running it outlives any outage of
 * Kafka or Loki; it throws when it cannot start (KAFKA_*, PORT_IN_USE, CONFIG_INVALID) or when kafkajs
 * gives up for good.
 */
export async function runShipper(shipper: Shipper, stop: AbortSignal): Promise<void> {
  const { settings, kafka: where, logger } = shipper
  lokiAccess(shipper.loki)
  const kafka = createKafka(where, 'vigie-shipper', logger)
  const waitingFor = new Map<'kafka' | 'loki' | 'push', string>([
    ['kafka', 'Kafka: has not joined the group yet'],
  ])
  let lanes: Lanes | undefined
  const metrics = shipperMetrics(() => lanes?.stands() ?? [])
  const health = await startHealthServer(
    settings.METRICS_HOST,
    settings.METRICS_PORT,
    metrics.registry,
    () => [...new Set(waitingFor.values())],
    'METRICS_PORT',
  )
  const topics = topicsOf(shipper, metrics)
  const lease = createLease(settings.SHIPPER_SESSION_TIMEOUT_MS)
  const endProbe = probeLoki(shipper.loki, (problem) => {
    if (problem === undefined) waitingFor.delete('loki')
    else waitingFor.set('loki', `Loki: ${problem}`)
  })
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
        if (problem === undefined) waitingFor.delete('push')
        else waitingFor.set('push', `Loki: ${problem}`)
      },
      sendToDeadLetters: (place, records, refusal) => sendToDeadLetters(producer, place, records, refusal),
    }
    const defect = new AbortController()
    const onDefect = (error: unknown) => defect.abort(error)
    const order = createOrder(() => lanes?.stands() ?? [])
    const mine = createLanes(lanesWork(shipper, { kafka, consumer, topics, sink, order, onDefect }))
    lanes = mine
    beforeJoin(where.KAFKA_GROUP_ID, async (isMember) => {
      await mine.endGeneration(isMember)
      // Nothing is being pushed now: the next generation finds out for itself.
      waitingFor.delete('push')
    })
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
      await Promise.race([aborted(stop), crashed, aborted(defect.signal)])
      defect.signal.throwIfAborted()
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
    endProbe()
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
