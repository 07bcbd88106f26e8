import { faultOf } from '../cluster/errors.ts'
import { errorOfCode } from '../kafkajs.ts'
import { type WriterCalls } from './calls.ts'
import { DEFAULT_MAX_BATCH_BYTES } from './size.ts'

/** What a writer has to know of a topic. */
export type Topic = {
  /** The broker that leads each partition; -1 for none at present. */
  leaders: readonly number[]
  maxBatchBytes: number
  /** When that was asked, in ms. */
  knownAtMs: number
}

/** How old the knowledge may be: partitions can be added, limits changed (Kafka's own `metadata.max.age.ms`). */
const MAX_AGE_MS = 300_000

export type Topics = {
  /** Undefined when it is not known, or not any more. */
  of: (name: string) => Topic | undefined
  /** The leader as far as is known, however old that is; -1 for none. */
  leaderOf: (name: string, partition: number) => number
  /** As far as is known, however old that is. */
  maxBatchBytesOf: (name: string) => number
  /** Kafka says something else than what is known: the next one who needs the topic asks anew. */
  outdated: (name: string) => void
  /** Asks anew, and resolves with the errors of topics that are not there. Rejects with Kafka's faults. */
  refresh: (names: readonly string[]) => Promise<readonly Error[]>
}

const UNKNOWN_TOPIC = 3
const LEADER_NOT_AVAILABLE = 5

export function createTopics(calls: WriterCalls, nowMs: () => number): Topics {
  const topics = new Map<string, Topic>()

  const limitsOf = async (names: readonly string[]): Promise<ReadonlyMap<string, number>> => {
    try {
      return await calls.maxBatchBytes(names)
    } catch (error) {
      const fault = faultOf(error)
      if (fault === undefined || fault === 'CONNECTION') throw error
      // A broker, or a right, without this request: the topic may have any limit, and says so when it is met.
      return new Map()
    }
  }

  return {
    of(name) {
      const topic = topics.get(name)
      return topic !== undefined && nowMs() - topic.knownAtMs < MAX_AGE_MS ? topic : undefined
    },
    outdated(name) {
      const topic = topics.get(name)
      if (topic !== undefined) topics.set(name, { ...topic, knownAtMs: Number.NEGATIVE_INFINITY })
    },
    maxBatchBytesOf: (name) => topics.get(name)?.maxBatchBytes ?? DEFAULT_MAX_BATCH_BYTES,
    leaderOf: (name, partition) => topics.get(name)?.leaders[partition] ?? -1,
    async refresh(names) {
      const [metadata, limits] = await Promise.all([calls.metadata(names), limitsOf(names)])
      const missing: Error[] = []
      for (const name of names) {
        const { errorCode, partitions } = metadata.topics.get(name) ?? {
          errorCode: UNKNOWN_TOPIC,
          partitions: [],
        }
        // A partition without a leader is waited for when something is to be written to it.
        if (errorCode !== 0 && errorCode !== LEADER_NOT_AVAILABLE) missing.push(errorOfCode(errorCode))
        if (partitions.length === 0) continue
        const leaders: number[] = []
        for (const { partition, leader } of partitions) leaders[partition] = leader
        const maxBatchBytes = limits.get(name) ?? DEFAULT_MAX_BATCH_BYTES
        topics.set(name, { leaders, maxBatchBytes, knownAtMs: nowMs() })
      }
      return missing
    },
  }
}
