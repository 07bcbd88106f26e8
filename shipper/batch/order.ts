import { type TopicPartition } from '../../kafka/consumer/partitions.ts'
import { type Stream, streamKey } from '../../loki/encode.ts'
import { type LaneStatus } from '../lane/state.ts'

/**
 * Keeps partitions that share a stream together in event time: Loki refuses what is too far behind the newest
 * entry of its stream, so a partition that is ahead waits for one that lags. Logs that are keyed by their
 * source share none, and never wait.
 */
export type Order = {
  /** Told of the streams that a partition is about to push to. */
  note: (of: TopicPartition, streams: readonly Stream[]) => void
  /** Whether partitions of a topic share a stream, so that a batch should not reach far ahead of the others. */
  isShared: (topic: string) => boolean
  /** Whether a batch that begins at that event time may be pushed now; the one that is furthest behind always may. */
  mayGo: (of: TopicPartition, headSeconds: number, windowSeconds: number) => boolean
}

/** Streams are forgotten beyond so many, and noted again. */
const MAX_STREAMS = 50_000

export function createOrder(statuses: () => readonly (TopicPartition & LaneStatus)[]): Order {
  const partitionOf = new Map<string, number>()
  const shared = new Set<string>()
  return {
    note({ topic, partition }, streams) {
      if (shared.has(topic)) return
      if (partitionOf.size > MAX_STREAMS) partitionOf.clear()
      for (const stream of streams) {
        const key = `${topic} ${streamKey(stream)}`
        const before = partitionOf.get(key)
        if (before === undefined) partitionOf.set(key, partition)
        else if (before !== partition) shared.add(topic)
      }
    },
    isShared: (topic) => shared.has(topic),
    mayGo: ({ topic, partition }, headSeconds, windowSeconds) =>
      !shared.has(topic) ||
      statuses().every(
        (other) =>
          other.topic !== topic ||
          other.partition === partition ||
          other.headSeconds === undefined ||
          other.headSeconds >= headSeconds - windowSeconds,
      ),
  }
}
