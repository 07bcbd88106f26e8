import { type Consumer, type Kafka, withAdmin } from '../kafka/client.ts'
import { commits } from '../kafka/offsets.ts'
import { reasonOf } from '../service/errors.ts'
import { pause } from '../service/shutdown.ts'
import { type Shipper } from './config.ts'
import { type LanesWork } from './lanes.ts'
import { readMark, writeMark } from './mark.ts'
import { type Order } from './order.ts'
import { type ShippedTopic } from './side.ts'
import { laneSink, type Sink } from './sink.ts'

/** How often a partition that is ahead looks whether the others have come closer. */
const LOOK_AGAIN_MS = 50
/** Keeps the overhead of small records within bounds, and a push within what may be ahead of a commit. */
const BATCH_RECORDS = 10_000

type LanesParts = {
  kafka: Kafka
  consumer: Consumer
  topics: ReadonlyMap<string, ShippedTopic>
  sink: Sink
  order: Order
  onDefect: (error: unknown) => void
}

/** What lanes do with Kafka and Loki. */
export function lanesWork(
  { settings, kafka: where, logger }: Shipper,
  { kafka, consumer, topics, sink, order, onDefect }: LanesParts,
): LanesWork {
  const windowSeconds = () => sink.limits().outOfOrderMs / 2_000
  return {
    workOf(place, closed) {
      const shipped = topics.get(place.topic)
      if (shipped === undefined) throw new Error(`${place.topic} is not a topic that is shipped`)
      return {
        project: (record) => shipped.project(record, place.partition),
        batchBytes: settings.SHIPPER_BATCH_BYTES,
        batchRecords: BATCH_RECORDS,
        // Half of what Loki takes out of order, and as much again between partitions.
        batchSeconds: () => (order.isShared(place.topic) ? windowSeconds() : Number.POSITIVE_INFINITY),
        turn: async (batch) => {
          order.note(place, batch.streams)
          await undefined // Other partitions of the same fetch note theirs first.
          while (!closed.aborted && !order.mayGo(place, batch.oldestSeconds, windowSeconds()))
            await pause(LOOK_AGAIN_MS, closed)
          return !closed.aborted
        },
        ...laneSink(sink, shipped, place, closed),
        onError: onDefect,
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
