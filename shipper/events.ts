import { type Gap } from '../kafka/consumer/cursor.ts'
import { type Unreadable } from '../kafka/consumer/handler.ts'
import { noteTrouble, type Obstacles, OF_KAFKA } from '../kafka/consumer/obstacles.ts'
import { byTopic, type TopicPartition } from '../kafka/consumer/partitions.ts'
import { type Looked, tellStalls } from '../kafka/consumer/stall-watch.ts'
import { TOPIC } from '../log/names.ts'
import { type LokiLimits } from '../loki/limits.ts'
import { OUTCOMES, type Outcome } from '../loki/outcome.ts'
import { reasonOf } from '../service/errors.ts'
import { type Logger } from '../service/log.ts'
import { type ShipperMetrics } from './metrics.ts'
import { type Refusal } from './push/dead-letters.ts'
import { type ShippedTopic } from './side.ts'

/** The obstacle of offsets that cannot be committed. */
const COMMIT = `${OF_KAFKA}commit`

/**
 * Everything that happens to a shipper and that people see, declared once: the line of its log, the numbers that
 * change, and what /readyz says.
 */
export function shipperEvents(metrics: ShipperMetrics, logger: Logger, obstacles: Obstacles) {
  const obstacle = (of: string, problem: string | undefined): void => {
    if (problem === undefined) obstacles.delete(of)
    else obstacles.set(of, problem)
  }
  const refusedCounter = ({ isSide }: ShippedTopic) => (isSide ? metrics.sideRefused : metrics.deadLetters)

  return {
    /** Of the group and of Kafka. */
    joined(partitions: readonly TopicPartition[]) {
      obstacles.delete('joining')
      logger.info('joined the group', { partitions: numbersOf(partitions) })
    },
    rebalancing: (givenUp: readonly TopicPartition[]) =>
      void logger.info('the group is rebalancing', { givenUp: numbersOf(givenUp) }),
    kafkaTrouble: (of: string, reason: string | undefined) => noteTrouble(obstacles, logger, of, reason),
    commitFailed(error: unknown) {
      obstacle(COMMIT, `Kafka: the offsets could not be committed: ${reasonOf(error)}`)
      logger.warn('the offsets could not be committed; it is tried again', { error: reasonOf(error) })
    },
    committed: () => void obstacles.delete(COMMIT),
    /** Of partitions, and of Kafka, that did not get on for a while. */
    stalls: (looked: Looked) => metrics.stuck.set(tellStalls(looked, logger, obstacles)),
    gap({ topic, partition, from, to, cause }: Gap) {
      if (cause === 'truncated') {
        logger.error('the partition ends before what was read of it; it is read anew', {
          ...{ topic, partition, from, to },
        })
        return
      }
      metrics.lost.inc({ topic, cause }, to - from)
      logger.error('Kafka deleted records before they were shipped; raise the topic’s retention', {
        ...{ topic, partition, from, to, records: to - from },
      })
    },
    unreadable({ topic, partition, firstOffset, nextOffset, problem }: Unreadable) {
      metrics.lost.inc({ topic, cause: 'unreadable' }, nextOffset - firstOffset)
      logger.error('records cannot be read; they are passed over', {
        ...{ topic, partition, from: firstOffset, to: nextOffset, problem },
      })
    },
    tombstones: (count: number) => void (count > 0 && metrics.tombstones.inc(count)),

    /** Of one batch, from Kafka to its last acknowledgement. */
    batchBegan(topic: string, records: number) {
      metrics.consumed.inc({ topic }, records)
      metrics.inFlight.inc({ topic }, records)
    },
    batchGivenBack(topic: string, records: number) {
      metrics.inFlight.dec({ topic }, records)
      metrics.givenBack.inc({ topic }, records)
    },
    /** All at once, so that whoever reads the numbers finds each record counted once. */
    batchAcknowledged(
      shipped: ShippedTopic,
      topic: string,
      {
        records,
        unparsed,
        refused,
      }: { records: number; unparsed: number; refused: ReadonlyMap<string, number> },
    ) {
      metrics.inFlight.dec({ topic }, records)
      let stored = records
      for (const [reason, count] of refused) {
        stored -= count
        refusedCounter(shipped).inc({ topic, reason }, count)
      }
      metrics.records.inc({ topic }, stored)
      metrics.unparsed.inc(unparsed)
    },
    labelDemoted(label: string, isFirst: boolean) {
      metrics.demoted.inc({ label })
      if (isFirst) logger.warn('a label has too many values; new ones become structured metadata', { label })
    },

    /** Of Loki. */
    pushAnswered(outcome: Outcome, uncompressedBytes: number) {
      obstacle('push', OUTCOMES[outcome.name].canRetry ? `Loki: ${outcome.detail}` : undefined)
      if (outcome.name !== 'stored') return void metrics.errors.inc({ reason: outcome.name })
      metrics.bytes.inc(uncompressedBytes)
      metrics.batches.inc()
      metrics.succeeded()
    },
    pushRetried({ name, detail }: Outcome, topic: string, attempt: number, delayMs: number) {
      metrics.retries.inc()
      logger.warn('Loki did not take a push; what it does not have is sent again', {
        ...{ reason: name, detail, attempt, delayMs, topic },
      })
    },
    questionAnswered(topic: string, found: number) {
      metrics.questions.inc({ outcome: 'answered' })
      metrics.found.inc({ topic }, found)
    },
    questionFailed(topic: string, error: unknown, attempt: number, delayMs: number) {
      metrics.questions.inc({ outcome: 'failed' })
      obstacle('push', `Loki: ${reasonOf(error)}`)
      logger.warn('Loki did not say what it has; it is asked again', {
        ...{ topic, error: reasonOf(error), attempt, delayMs },
      })
    },
    questionForbidden(topic: string, error: unknown) {
      metrics.questions.inc({ outcome: 'failed' })
      logger.warn('Loki may not be asked what it has: lines may be stored twice', {
        ...{ topic, error: reasonOf(error) },
      })
    },
    lokiProbed: (problem: string | undefined) =>
      obstacle('loki', problem === undefined ? undefined : `Loki: ${problem}`),
    limitsTold: (limits: LokiLimits) => void logger.info('Loki told its limits', limits),
    /** Partitions were given up, so many are left. Whoever pushes and commits next finds out for itself. */
    partitionsEnded(left: number) {
      obstacles.delete(COMMIT)
      if (left === 0) obstacles.delete('push')
    },

    /** Of records that are not stored. */
    refused({ isSide }: ShippedTopic, topic: string, records: number, refusal: Refusal) {
      const details = { topic, records, ...refusal }
      if (isSide) logger.warn('Loki refuses lines of a side topic; they stay in Kafka only', details)
      // An alert counts the dead letters: as an error this would be two alerts of one thing.
      else logger.warn(`Loki refuses lines; they are on the topic ${TOPIC.deadLetters}`, details)
    },
    deadLettersFailed(error: unknown) {
      obstacle('dead letters', `Kafka: dead letters cannot be written: ${reasonOf(error)}`)
      logger.error('the dead letters could not be written; it is tried again', { error: reasonOf(error) })
    },
    deadLettersWritten: () => void obstacles.delete('dead letters'),
    defect: (topic: string, partition: number, offset: string, error: unknown) =>
      void logger.error('a defect of Vigie keeps a record from being shipped; please report it', {
        ...{ topic, partition, offset, error: reasonOf(error) },
      }),
  }
}
export type ShipperEvents = ReturnType<typeof shipperEvents>

/** The partitions' numbers by topic, as they stand in the log. */
const numbersOf = (partitions: readonly TopicPartition[]): Record<string, number[]> =>
  Object.fromEntries(
    [...byTopic(partitions)].map(([topic, own]) => [topic, own.map(({ partition }) => partition)]),
  )
