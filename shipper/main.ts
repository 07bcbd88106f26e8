import { connectProducer, createConsumer, createKafka, type Producer, withAdmin } from '../kafka/client.ts'
import { type KafkaSettings } from '../kafka/config.ts'
import { kafkaError } from '../kafka/errors.ts'
import { watchGroup } from '../kafka/group.ts'
import { ensureTopics } from '../kafka/topics.ts'
import { TOPIC } from '../log/names.ts'
import { type LokiSettings, lokiHeaders } from '../loki/config.ts'
import { type Outcome } from '../loki/outcome.ts'
import { startHealthServer } from '../service/health.ts'
import { type Logger } from '../service/log.ts'
import { aborted } from '../service/shutdown.ts'
import { type Batch, batches } from './batch.ts'
import { type ShipperSettings } from './config.ts'
import { sendToDeadLetters } from './dead-letters.ts'
import { shipperMetrics } from './metrics.ts'
import { type Projector, projector } from './project.ts'
import { sideProjectors } from './side.ts'
import { pushUntilSettled, type Sink } from './sink.ts'
import { consume, type Handler } from './source.ts'

export type Shipper = { settings: ShipperSettings; kafka: KafkaSettings; loki: LokiSettings; logger: Logger }

/** Partitions handled side by side: as many pushes overlap with the next fetch. */
const CONCURRENCY = 3

/**
 * Ships a topic to Loki until `stop` fires, then finishes what is in flight, commits, and leaves the
 * group. Offsets are committed only after Loki acknowledged. Once running it outlives any outage of
 * Kafka or Loki; it throws when it cannot start (KAFKA_*, PORT_IN_USE, CONFIG_INVALID) or when
 * kafkajs gives up for good.
 */
export async function runShipper(shipper: Shipper, stop: AbortSignal): Promise<void> {
  const { settings, kafka: where, logger } = shipper
  lokiHeaders(shipper.loki)
  const kafka = createKafka(where, 'vigie-shipper', logger)
  const metrics = shipperMetrics()
  const waitingFor = new Map<'kafka' | 'loki', string>([['kafka', 'Kafka: has not joined the group yet']])
  const health = await startHealthServer(
    settings.METRICS_HOST,
    settings.METRICS_PORT,
    metrics.registry,
    () => [...waitingFor.values()],
    'METRICS_PORT',
  )
  const projectors = projectorsOf(shipper)
  const topics = [...projectors.keys()]
  try {
    await withAdmin(kafka, where.KAFKA_BROKERS, (admin) =>
      ensureTopics(admin, [...new Set([...topics, TOPIC.deadLetters])], where.KAFKA_BROKERS),
    )
    const producer = await connectProducer(where, 'vigie-shipper', logger)
    const consumer = createConsumer(kafka, where.KAFKA_GROUP_ID, settings.SHIPPER_SESSION_TIMEOUT_MS)
    const crashed = watchGroup(consumer, logger, {
      onJoin: () => {
        waitingFor.delete('kafka')
        metrics.forgetLags()
      },
      onOutage: (reason) => void waitingFor.set('kafka', `Kafka: ${reason}`),
    })
    const onAttempt = (outcome: Outcome) => {
      if (outcome.kind === 'retry') waitingFor.set('loki', `Loki: ${outcome.detail}`)
      else waitingFor.delete('loki')
    }
    const sink: Sink = {
      loki: shipper.loki,
      pushTimeoutMs: settings.SHIPPER_PUSH_TIMEOUT_MS,
      metrics,
      logger,
      onAttempt,
    }
    try {
      await consumer.connect()
      const handler = handlerFor(shipper, projectors, sink, producer, stop)
      await consume(consumer, topics, CONCURRENCY, handler, ({ topic, partition, lastOffset, endOffset }) =>
        metrics.setLag(topic, partition, {
          messages: Number(endOffset - lastOffset) - 1,
          oldestWaitingMs: undefined,
        }),
      )
      logger.info('shipping', {
        topic: where.KAFKA_TOPIC,
        group: where.KAFKA_GROUP_ID,
        brokers: where.KAFKA_BROKERS,
        loki: shipper.loki.LOKI_URL,
        health: `http://${settings.METRICS_HOST}:${health.port}`,
      })
      await Promise.race([aborted(stop), crashed])
      logger.info('stopping: finishing what is in flight')
    } finally {
      await consumer.disconnect()
      await producer.disconnect()
    }
  } catch (error) {
    throw kafkaError(error, where.KAFKA_BROKERS, where.KAFKA_TOPIC)
  } finally {
    await health.close()
  }
}

/** What projects each topic's records, the logs first: then kafkajs spreads those evenly. */
function projectorsOf({ settings, kafka }: Shipper): ReadonlyMap<string, Projector> {
  const side = settings.SHIPPER_SIDE_TOPICS ? sideProjectors() : new Map<string, Projector>()
  return new Map([
    [kafka.KAFKA_TOPIC, projector()],
    ...[...side].filter(([topic]) => topic !== kafka.KAFKA_TOPIC),
  ])
}

function handlerFor(
  shipper: Shipper,
  projectors: ReadonlyMap<string, Projector>,
  sink: Sink,
  producer: Producer,
  stop: AbortSignal,
): Handler {
  const { metrics, logger } = sink
  const setAside = async (topic: string, batch: Batch, { reason, detail }: Outcome) => {
    const records = batch.records.length
    if (topic === shipper.kafka.KAFKA_TOPIC) {
      await sendToDeadLetters(producer, topic, batch.records, { reason, detail })
      metrics.deadLetters.inc({ reason }, records)
      logger.error('Loki refused lines; their push is on the dead-letter topic', {
        records,
        detail,
        topic: TOPIC.deadLetters,
      })
    } else {
      // A dead letter of a dead letter would be shipped, refused and written again, for ever.
      metrics.sideRefused.inc({ topic, reason }, records)
      logger.error('Loki refused lines of a side topic; they stay in Kafka only', { records, detail, topic })
    }
  }
  return async function* ({ topic, partition, records, tombstones, lastOffset, endOffset, isMine }) {
    metrics.tombstones.inc(tombstones)
    const project = projectors.get(topic)
    if (project === undefined) return
    for (const batch of batches(records, project, shipper.settings.SHIPPER_BATCH_BYTES)) {
      if (!isMine()) return
      const first = batch.records[0]
      const last = batch.records.at(-1)
      if (first === undefined || last === undefined) continue
      const messages = Number(endOffset - first.offset)
      metrics.setLag(topic, partition, { messages, oldestWaitingMs: first.timestampMs })
      const outcome = await pushUntilSettled(sink, batch, stop, isMine)
      if (outcome.kind === 'retry') return
      if (outcome.kind === 'refused') await setAside(topic, batch, outcome)
      // Markers of transactions behind the last record are nothing that waits.
      const reached = last === records.at(-1) ? lastOffset : last.offset
      const left = Number(endOffset - reached) - 1
      metrics.setLag(topic, partition, {
        messages: left,
        oldestWaitingMs: left > 0 ? last.timestampMs : undefined,
      })
      yield last.offset
    }
  }
}
