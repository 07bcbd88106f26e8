import { faultOf, mayPass } from '../cluster/errors.ts'
import { type Clock } from '../consumer/clock.ts'
import { keyOf, type TopicPartition } from '../consumer/partitions.ts'
import { errorOfCode } from '../kafkajs.ts'
import { type WriterCalls } from './calls.ts'
import { type Patience, patiently } from './patiently.ts'
import { type PartitionAnswer, type PartitionBatch } from './produce.ts'
import { type WriterRecord } from './record.ts'
import { type Identity } from './sequence.ts'
import { type Progress, type TransactionCalls } from './transaction-calls.ts'
import { createWriter } from './writer.ts'

/** Records and a group's progress that become visible together, or not at all. */
export type Transaction = {
  /** Rejects with MESSAGE_TOO_LARGE when one is too large alone and may not be cut; else as a writer's. */
  write: (records: readonly WriterRecord[]) => Promise<void>
  addProgress: (progress: Progress) => Promise<void>
  /** When it rejects, all of it may be committed, or none. */
  commit: () => Promise<void>
  /** Not after a commit that failed: its outcome is Kafka's. */
  abort: () => Promise<void>
}

/** The one producer of a transactional id, with one transaction at a time. */
export type TransactionalProducer = {
  transaction: () => Promise<Transaction>
  disconnect: () => Promise<void>
}

export type TransactionalWork = {
  identity: Identity
  calls: TransactionCalls
  /** Those of a writer, but that send batches of this transactional id. */
  writerCalls: Omit<WriterCalls, 'newIdentity'>
  clock: Clock
  disconnect: () => void
}

const MESSAGE_TOO_LARGE = 10

export function createTransactionalProducer(work: TransactionalWork): TransactionalProducer {
  const { identity, calls, writerCalls, clock, disconnect } = work
  /** Those that the transaction has records for. */
  let added = new Set<string>()
  let isOpen = false
  /** What is on its way; an abort that overtakes it would leave it outside of any transaction. */
  const underWay = new Set<Promise<unknown>>()

  const produce = async (
    node: number,
    batches: readonly PartitionBatch[],
  ): Promise<readonly PartitionAnswer[]> => {
    if (!isOpen) throw new Error('No transaction is open')
    await add(batches.filter((each) => !added.has(keyOf(each))))
    const producing = writerCalls.produce(node, batches)
    underWay.add(producing)
    return producing.finally(() => underWay.delete(producing))
  }

  const add = async (partitions: readonly TopicPartition[]): Promise<void> => {
    if (partitions.length === 0) return
    await untilDone(clock, () => calls.addPartitions(identity, partitions))
    for (const each of partitions) added.add(keyOf(each))
  }

  const newIdentity = () => Promise.reject(new Error('A transactional producer is used after it has failed'))
  const writer = createWriter({ ...writerCalls, produce, newIdentity }, identity, clock)

  return {
    async transaction() {
      if (isOpen) throw new Error('A transaction is open already')
      isOpen = true
      added = new Set()
      let hasProgress = false
      const end = async (outcome: 'commit' | 'abort'): Promise<void> => {
        if (!isOpen) throw new Error('No transaction is open')
        isOpen = false
        await Promise.allSettled(underWay)
        if (added.size > 0 || hasProgress) await untilDone(clock, () => calls.end(identity, outcome))
      }
      return {
        async write(records) {
          const { refused } = await writer.write(records)
          if (refused.length > 0) throw errorOfCode(MESSAGE_TOO_LARGE)
        },
        async addProgress(progress) {
          hasProgress = true
          await untilDone(clock, () => calls.addOffsets(identity, progress.groupId))
          await untilDone(clock, () => calls.commitOffsets(identity, progress))
        },
        commit: () => end('commit'),
        abort: () => end('abort'),
      }
    },
    async disconnect() {
      writer.close()
      disconnect()
    },
  }
}

/**
 * A transaction right after another of the same producer is refused with CONCURRENT_TRANSACTIONS until the
 * markers of the first are written: some 10 ms, so the first retry comes that soon. All together it outlives a broker
 * that restarts.
 */
const PATIENCE: Patience = {
  withinMs: 30_000,
  pausesMs: { first: 20, longest: 2_000 },
  through: (error) =>
    mayPass(error) &&
    (faultOf(error) === 'CONNECTION' || (error as { retriable?: boolean }).retriable === true),
}

/** Tries again through Kafka's faults that pass; all that a transaction asks may be asked twice. */
export const untilDone = <Answer>(clock: Clock, ask: () => Promise<Answer>): Promise<Answer> =>
  patiently(clock, PATIENCE, ask)
