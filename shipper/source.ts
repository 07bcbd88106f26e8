import { type Consumer, type EachBatchPayload, type KafkaMessage } from '../kafka/client.ts'
import { type KafkaRecord } from './project.ts'

/** Handles consecutive records of one partition; yields each offset up to which all are settled. */
export type Handler = (fetched: Fetched) => AsyncGenerator<bigint>
export type Fetched = {
  partition: number
  records: KafkaRecord[]
  tombstones: number
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
            partition,
            offset: BigInt(message.offset),
            timestampMs: Number(message.timestamp),
          },
        ]

/**
 * Consumes a topic. The handler yields the offset of each record up to which all are settled; it is
 * committed at once. While the handler works, the member keeps its place in the group, however long
 * that takes. Partitions are handled side by side.
 */
export async function consume(
  consumer: Consumer,
  topic: string,
  concurrency: number,
  handler: Handler,
): Promise<void> {
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
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
    partition: batch.partition,
    records: batch.messages.flatMap(toRecord(batch.partition)),
    tombstones: batch.messages.filter((message) => message.value === null).length,
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
  // Records without a value at the end of a fetch would otherwise be fetched for ever.
  const last = BigInt(batch.lastOffset())
  const lastRecord = fetched.records.at(-1)?.offset ?? -1n
  if (settled === lastRecord && last > settled && fetched.isMine()) await commit(last)
}

/** How often a heartbeat is offered; kafkajs sends one when its interval has passed. */
const HEARTBEAT_CHECK_MS = 1_000

/**
 * Sends heartbeats while `work` runs. When the group rebalances, `isMember` turns false so that the
 * work ends early, and the error that kafkajs wants to see is thrown once it has.
 */
async function keepingMembership(
  payload: EachBatchPayload,
  work: (isMember: () => boolean) => Promise<void>,
): Promise<void> {
  let lost: unknown
  const timer = setInterval(() => {
    payload.heartbeat().catch((error: unknown) => {
      lost = error
    })
  }, HEARTBEAT_CHECK_MS)
  try {
    await work(() => lost === undefined)
  } finally {
    clearInterval(timer)
  }
  if (lost !== undefined) throw lost
}
