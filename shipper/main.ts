import {
  type Consumer,
  connectProducer,
  createConsumer,
  createKafka,
  type Producer,
  withAdmin,
} from '../kafka/client.ts'
import { type KafkaSettings } from '../kafka/config.ts'
import { kafkaError } from '../kafka/errors.ts'
import { ensureTopics } from '../kafka/topics.ts'
import { TOPIC } from '../log/names.ts'
import { type LokiSettings, lokiHeaders } from '../loki/config.ts'
import { type Outcome } from '../loki/outcome.ts'
import { reasonOf } from '../service/errors.ts'
import { startHealthServer } from '../service/health.ts'
import { type Logger } from '../service/log.ts'
import { batches } from './batch.ts'
import { type ShipperSettings } from './config.ts'
import { sendToDeadLetters } from './dead-letters.ts'
import { type ShipperMetrics, shipperMetrics } from './metrics.ts'
import { projector } from './project.ts'
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
  )
  try {
    await withAdmin(kafka, where.KAFKA_BROKERS, (admin) =>
      ensureTopics(admin, [where.KAFKA_TOPIC, TOPIC.deadLetters], where.KAFKA_BROKERS),
    )
    const producer = await connectProducer(where, 'vigie-shipper', logger)
    const consumer = createConsumer(kafka, where.KAFKA_GROUP_ID, settings.SHIPPER_SESSION_TIMEOUT_MS)
    const crashed = watchGroup(consumer, shipper, metrics, waitingFor)
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
      await consume(consumer, where.KAFKA_TOPIC, CONCURRENCY, handlerFor(shipper, sink, producer, stop))
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

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })

/** Keeps readiness and lags true to the group; the promise rejects when kafkajs gives up for good. */
function watchGroup(
  consumer: Consumer,
  { logger }: Shipper,
  metrics: ShipperMetrics,
  waitingFor: Map<'kafka' | 'loki', string>,
): Promise<never> {
  const { GROUP_JOIN, CRASH, REBALANCING } = consumer.events
  consumer.on(GROUP_JOIN, ({ payload }) => {
    waitingFor.delete('kafka')
    metrics.forgetLags()
    logger.info('joined the group', { partitions: Object.values(payload.memberAssignment).flat() })
  })
  consumer.on(REBALANCING, () => void logger.info('the group is rebalancing'))
  return new Promise((_, reject) => {
    consumer.on(CRASH, ({ payload }) => {
      waitingFor.set('kafka', `Kafka: ${reasonOf(payload.error)}`)
      if (!payload.restart) reject(payload.error)
      else logger.warn('Kafka does not answer; waiting for it', { error: reasonOf(payload.error) })
    })
  })
}

function handlerFor(shipper: Shipper, sink: Sink, producer: Producer, stop: AbortSignal): Handler {
  const project = projector()
  return async function* ({ partition, records, tombstones, endOffset, isMine }) {
    sink.metrics.tombstones.inc(tombstones)
    for (const batch of batches(records, project, shipper.settings.SHIPPER_BATCH_BYTES)) {
      if (!isMine()) return
      const first = batch.records[0]
      const last = batch.records.at(-1)
      if (first === undefined || last === undefined) continue
      const waiting = (offset: bigint) => Number(endOffset - offset)
      sink.metrics.setLag(partition, { messages: waiting(first.offset), oldestWaitingMs: first.timestampMs })
      const outcome = await pushUntilSettled(sink, batch, stop, isMine)
      if (outcome.kind === 'retry') return
      if (outcome.kind === 'refused') {
        await sendToDeadLetters(producer, shipper.kafka.KAFKA_TOPIC, batch.records, outcome)
        sink.metrics.deadLetters.inc({ reason: outcome.reason }, batch.records.length)
        shipper.logger.error('Loki refused lines; their push is on the dead-letter topic', {
          records: batch.records.length,
          detail: outcome.detail,
          topic: TOPIC.deadLetters,
        })
      }
      const left = waiting(last.offset) - 1
      sink.metrics.setLag(partition, {
        messages: left,
        oldestWaitingMs: left > 0 ? last.timestampMs : undefined,
      })
      yield last.offset
    }
  }
}
