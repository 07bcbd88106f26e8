import { type Consumer, type EachBatchPayload, type KafkaMessage } from '../kafka/client.ts'
import { keepingMembership, onEmptyFetch } from '../kafka/group.ts'
import { type Fetched } from './lane.ts'
import { type Lanes } from './lanes.ts'
import { type KafkaRecord } from './project.ts'

/** Partitions whose fetches are handed over side by side: one that has no room holds up no other. */
const CONCURRENCY = 1_000

/**
 * Consumes topics and hands what is fetched over to the lanes. The next fetch comes while a lane still
 * works, but not before it has room; the member keeps its place in the group, however long that takes.
 */
export async function consume(
  consumer: Consumer,
  topics: readonly string[],
  lanes: Lanes,
  onTombstones: (count: number) => void,
): Promise<void> {
  await consumer.subscribe({ topics: [...topics], fromBeginning: true })
  const never = new AbortController().signal
  onEmptyFetch(consumer, ({ topic, partition, lastOffset, endOffset }) =>
    lanes.add({ topic, partition }, { records: [], firstOffset: lastOffset, lastOffset, endOffset }, never),
  )
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: CONCURRENCY,
    eachBatch: (payload) =>
      keepingMembership(payload, async (lost) => {
        const { batch, isRunning, isStale, resolveOffset } = payload
        if (!isRunning() || isStale()) return
        const fetched = fetchedFrom(payload)
        onTombstones(batch.messages.length - fetched.records.length)
        await lanes.add({ topic: batch.topic, partition: batch.partition }, fetched, lost)
        resolveOffset(batch.lastOffset())
      }),
  })
}

function fetchedFrom({ batch }: EachBatchPayload): Fetched {
  const lastOffset = BigInt(batch.lastOffset())
  return {
    records: recordsOf(batch.messages, batch.partition),
    firstOffset: BigInt(batch.firstOffset() ?? lastOffset),
    lastOffset,
    endOffset: BigInt(batch.highWatermark),
  }
}

/** The records that hold a line: those without a value, tombstones, do not. */
function recordsOf(messages: readonly KafkaMessage[], partition: number): KafkaRecord[] {
  const records: KafkaRecord[] = []
  for (const { value, key, headers, offset, timestamp } of messages)
    if (value !== null)
      records.push({ value, key, headers, partition, offset: BigInt(offset), timestampMs: Number(timestamp) })
  return records
}
