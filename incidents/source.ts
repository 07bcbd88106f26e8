import { type Consumer, type EachBatchPayload, type KafkaMessage } from '../kafka/client.ts'
import { keepingMembership } from '../kafka/group.ts'

/** What one fetch brought from one partition. */
export type Fetched = {
  partition: number
  records: KafkaMessage[]
  /** Its last offset: behind the last record when a transaction's marker follows. */
  lastOffset: bigint
  /** Where the partition ends, as of this fetch. */
  endOffset: bigint
  /** False once the partition was taken away or the consumer stops. */
  isMine: () => boolean
}

/** Partitions handled side by side: while one waits for its transaction, another computes. */
const CONCURRENCY = 3

/**
 * Consumes the logs. The handler commits what it handled itself and resolves with true; after anything
 * else the same records are fetched again. It is only called while the group counts us as a member:
 * a process that was away too long must not fence its successor.
 */
export async function consume(
  consumer: Consumer,
  topic: string,
  handler: (fetched: Fetched) => Promise<boolean>,
): Promise<void> {
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: CONCURRENCY,
    eachBatch: (payload) =>
      keepingMembership(payload, async (lost) => {
        await payload.heartbeat()
        const fetched = fetchedFrom(payload, lost)
        if (await handler(fetched)) payload.resolveOffset(String(fetched.lastOffset))
      }),
  })
}

const fetchedFrom = ({ batch, isRunning, isStale }: EachBatchPayload, lost: AbortSignal): Fetched => ({
  partition: batch.partition,
  records: batch.messages,
  lastOffset: BigInt(batch.lastOffset()),
  endOffset: BigInt(batch.highWatermark),
  isMine: () => isRunning() && !isStale() && !lost.aborted,
})
