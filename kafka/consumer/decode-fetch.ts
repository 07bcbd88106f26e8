import { array, bytes, int16, int32, int64, type Reader, readerOf, skip, text } from './reader.ts'

/** An aborted transaction of which a fetch holds records, as the broker names it. */
export type AbortedTransaction = { producerId: bigint; firstOffset: number }

/** What a fetch brought of one partition, its records still as bytes. */
export type FetchedPartition = {
  topic: string
  partition: number
  /** The error's number in the protocol; 0 for none. */
  errorCode: number
  /** Where the partition ends: the offset behind the last replicated record. */
  endOffset: number
  aborted: readonly AbortedTransaction[]
  records: Buffer
}

/** Versions of Kafka's Fetch request (kafka.apache.org/protocol): what was added in which. */
const [LOG_START_OFFSET_SINCE, SESSION_SINCE, READ_REPLICA_SINCE] = [5, 7, 11]

export type FetchAnswer = { clientSideThrottleTime: number; partitions: FetchedPartition[] }

/** Reads the answer to a Fetch request of version 4 to 11. Pure. Throws RangeError for bytes that end too early. */
export function decodeFetch(answer: Buffer, apiVersion: number): FetchAnswer {
  const reader = readerOf(answer)
  const clientSideThrottleTime = int32(reader)
  if (apiVersion >= SESSION_SINCE) skip(reader, 2 + 4)
  const topics = array(reader, () => {
    const topic = text(reader)
    return array(reader, () => partitionOf(reader, topic, apiVersion))
  })
  return { clientSideThrottleTime, partitions: topics.flat() }
}

function partitionOf(reader: Reader, topic: string, apiVersion: number): FetchedPartition {
  const partition = int32(reader)
  const errorCode = int16(reader)
  const endOffset = Number(int64(reader))
  skip(reader, 8) // The last stable offset: the broker sends nothing behind it.
  if (apiVersion >= LOG_START_OFFSET_SINCE) skip(reader, 8)
  const aborted = array(reader, () => ({ producerId: int64(reader), firstOffset: Number(int64(reader)) }))
  if (apiVersion >= READ_REPLICA_SINCE) skip(reader, 4)
  return { topic, partition, errorCode, endOffset, aborted, records: bytes(reader) }
}
