import { type Consumer, type EachBatchPayload, type KafkaMessage } from '../kafka/client.ts'
import { type EmptyFetch, keepingMembership, onEmptyFetch } from '../kafka/group.ts'
import { type KafkaRecord } from './project.ts'

/** Handles consecutive records of one partition; yields each offset up to which all are settled. */
export type Handler = (fetched: Fetched) => AsyncGenerator<bigint>
export type Fetched = {
  topic: string
  partition: number
  records: KafkaRecord[]
  tombstones: number
  /** The last offset of this fetch: behind the last record when a transaction's marker follows it. */
  lastOffset: bigint
  /** Where the partition ends, as of this fetch. */
  endOffset: bigint
  /** False once the partition was taken away or the consumer stops: nothing more may be done. */
  isMine: () => boolean
}

const toRecord =
  (partition: number) =>
  (message: KafkaMessage): KafkaRecord[] =>
    message.value === null
      ? []
      : [
          {
            value: message.value,
            headers: message.headers,
            partition,
            offset: BigInt(message.offset),
            timestampMs: Number(message.timestamp),
          },
        ]

/**
 * Consumes topics. The handler yields the offset of each record up to which all are settled; it is
 * committed at once. While the handler works, the member keeps its place in the group, however long
 * that takes. Partitions are handled side by side. `onEmpty` hears of fetches without any record.
 */
export async function consume(
  consumer: Consumer,
  topics: readonly string[],
  concurrency: number,
  handler: Handler,
  onEmpty: (fetch: EmptyFetch) => void,
): Promise<void> {
  await consumer.subscribe({ topics: [...topics], fromBeginning: true })
  onEmptyFetch(consumer, async (fetch) => {
    onEmpty(fetch)
    const { topic, partition, lastOffset } = fetch
    await consumer.commitOffsets([{ topic, partition, offset: String(lastOffset + 1n) }])
  })
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: concurrency,
    eachBatch: (payload) =>
      keepingMembership(payload, (isMember) => handled(consumer, payload, handler, isMember)),
  })
}

async function handled(
  consumer: Consumer,
  { batch, resolveOffset, isRunning, isStale }: EachBatchPayload,
  handler: Handler,
  isMember: () => boolean,
): Promise<void> {
  const fetched: Fetched = {
    topic: batch.topic,
    partition: batch.partition,
    records: batch.messages.flatMap(toRecord(batch.partition)),
    tombstones: batch.messages.filter((message) => message.value === null).length,
    lastOffset: BigInt(batch.lastOffset()),
    endOffset: BigInt(batch.highWatermark),
    isMine: () => isRunning() && !isStale() && isMember(),
  }
  const commit = async (offset: bigint) => {
    resolveOffset(String(offset))
    await consumer.commitOffsets([
      { topic: batch.topic, partition: batch.partition, offset: String(offset + 1n) },
    ])
  }
  let settled = -1n
  for await (const offset of handler(fetched)) {
    settled = offset
    await commit(offset)
  }
  // What follows the last record (tombstones, markers of transactions) would otherwise be fetched for ever.
  const lastRecord = fetched.records.at(-1)?.offset ?? -1n
  if (settled === lastRecord && fetched.lastOffset > settled && fetched.isMine())
    await commit(fetched.lastOffset)
}
