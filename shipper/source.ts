import { type Consumer, type EachBatchPayload, type Fetching } from '../kafka/client.ts'
import { asDecoded, type DecodedRecord } from '../kafka/decoded-record.ts'
import { keepingMembership, onEmptyFetch } from '../kafka/group.ts'
import { type Fetched } from './lane.ts'
import { type Lanes } from './lanes.ts'

/**
 * Waits at the broker until that much is there, or that time is over: fewer and fuller pushes, for little delay.
 * LZ4 makes a quarter of our logs, so that a partition's fetch becomes a push of a megabyte (docs/performance.md).
 */
export const FETCHING: Fetching = { minBytes: 65_536, maxWaitMs: 100, maxBytesPerPartition: 262_144 }

/**
 * Partitions whose fetches are handed over side by side, so that one that has no room holds up no other. kafkajs
 * calls as many workers for each fetch, whether or not there is work: 1,000 cost 0.2 µs of each log.
 */
const CONCURRENCY = 64

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
  onEmptyFetch(consumer, async ({ topic, partition, lastOffset, endOffset }) => {
    const last = Number(lastOffset)
    const fetched = { records: [], firstOffset: last, lastOffset: last, endOffset: Number(endOffset) }
    // Nothing is lost when it cannot be noted: the next fetch is behind it.
    await lanes.add({ topic, partition }, fetched).catch(() => undefined)
  })
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
  const lastOffset = Number(batch.lastOffset())
  return {
    records: withLines(asDecoded(batch.messages)),
    firstOffset: Number(batch.firstOffset() ?? lastOffset),
    lastOffset,
    endOffset: Number(batch.highWatermark),
  }
}

/** The records that hold a line: those without a value, tombstones, do not. */
const withLines = (records: readonly DecodedRecord[]): readonly DecodedRecord[] =>
  records.some(({ isTombstone }) => isTombstone) ? records.filter(({ isTombstone }) => !isTombstone) : records
