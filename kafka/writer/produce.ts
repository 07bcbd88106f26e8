import { type Exchange, type Link, unchecked } from '../cluster/link.ts'
import { byTopic } from '../consumer/partitions.ts'
import { Encoder } from '../kafkajs.ts'

/** A batch for a partition, as it goes over the wire. */
export type PartitionBatch = { topic: string; partition: number; batch: Buffer }

/** What Kafka says to one batch. */
export type PartitionAnswer = {
  topic: string
  partition: number
  /** The error's number in the protocol; 0 for none. */
  errorCode: number
  /** Of the first record; -1 where Kafka does not know. */
  baseOffset: bigint
  /** Milliseconds since 1970; -1 unless the topic has the time of arrival. */
  logAppendTimeMs: number
}

/** The newest version that has this layout, and whose answer kafkajs reads; the oldest is 3. */
const MAX_VERSION = 7
/** All in-sync replicas: what is acknowledged outlives a broker, and idempotence requires it. */
const ACKS_ALL = -1
/** How long the leader may wait for its replicas: less than the connection waits for the answer. */
const TIMEOUT_MS = 10_000

/** The content of a Produce request of version 3 to 7. Pure. */
export function encodeProduce(batches: readonly PartitionBatch[], transactionalId: string | null): Buffer {
  const topics = byTopic(batches)
  const head = new Encoder()
    .writeString(transactionalId)
    .writeInt16(ACKS_ALL)
    .writeInt32(TIMEOUT_MS)
    .writeInt32(topics.size)
  const parts: Buffer[] = [head.buffer]
  for (const [topic, ofTopic] of topics) {
    parts.push(new Encoder().writeString(topic).writeInt32(ofTopic.length).buffer)
    for (const { partition, batch } of ofTopic)
      parts.push(new Encoder(8).writeInt32(partition).writeInt32(batch.length).buffer, batch)
  }
  return Buffer.concat(parts)
}

type Answer = {
  topics: readonly {
    topicName: string
    partitions: readonly {
      partition: number
      errorCode: number
      baseOffset: string
      logAppendTime: string
    }[]
  }[]
}

/** The request, with its batches as they are, and what reads its answer. */
export function produceExchange(
  link: Link,
  batches: readonly PartitionBatch[],
  transactionalId: string | null,
): Exchange<Answer> {
  const exchange = unchecked(
    link.exchange<Answer>('Produce', { acks: ACKS_ALL, timeout: TIMEOUT_MS, topicData: [] }, MAX_VERSION),
  )
  const content = encodeProduce(batches, transactionalId)
  const encoded = { buf: content, buffer: content, size: () => content.length }
  return { ...exchange, request: { ...exchange.request, encode: async () => encoded } }
}

export const answersOf = ({ topics }: Answer): PartitionAnswer[] =>
  topics.flatMap(({ topicName, partitions }) =>
    partitions.map(({ partition, errorCode, baseOffset, logAppendTime }) => ({
      ...{ topic: topicName, partition, errorCode },
      baseOffset: BigInt(baseOffset),
      logAppendTimeMs: Number(logAppendTime),
    })),
  )
