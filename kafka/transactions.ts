import { setTimeout as sleep } from 'node:timers/promises'
import { type Logger } from '../service/log.ts'
import { createKafka, LZ4, type Message, type Producer } from './client.ts'
import { type KafkaSettings } from './config.ts'
import { createPartitioner } from './partitioner.ts'

/**
 * A transaction right after another of the same producer is refused with CONCURRENT_TRANSACTIONS
 * until the markers of the first are written: some 10 ms, so the first retry comes that soon. All
 * together about half a minute, to outlive a broker that restarts.
 */
const PATIENCE = { retries: 12, initialRetryTime: 20, maxRetryTime: 8_000 }

/**
 * Our transactions take milliseconds. A process that hangs in one holds back every reader of what is
 * committed, and whoever takes over: after this long the broker ends it.
 */
const TRANSACTION_TIMEOUT_MS = 10_000

/**
 * Connects the one transactional producer of that id and fences the one before it: kafkajs sends
 * InitProducerId with the first transaction, so an empty one is begun here. The broker then has
 * ended the predecessor's open transaction and refuses it from now on (INVALID_PRODUCER_EPOCH), so
 * that what is committed stays as it is until this producer changes it. Throws errors of kafkajs.
 */
export async function fencingProducer(
  settings: KafkaSettings,
  clientId: string,
  transactionalId: string,
  logger?: Logger,
): Promise<Producer> {
  // Not `idempotent`: kafkajs's transactions always are, and connecting would ask for a second producer id.
  const producer = createKafka(settings, clientId, logger, PATIENCE).producer({
    transactionalId,
    transactionTimeout: TRANSACTION_TIMEOUT_MS,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner,
  })
  await producer.connect()
  try {
    await (await producer.transaction()).abort()
  } catch (error) {
    await producer.disconnect()
    throw error
  }
  return producer
}

/** The next offset to read of one partition, as its group is to remember it. */
export type Progress = { groupId: string; topic: string; partition: number; nextOffset: bigint }
export type TopicMessages = { topic: string; messages: Message[] }

/**
 * Writes messages, and a group's progress if there is any, in one transaction: all of it or none. When it
 * throws, either may be the case, and the producer must not be used again: a new one that fences it knows.
 */
export async function writeTogether(
  producer: Producer,
  topicMessages: readonly TopicMessages[],
  progress?: Progress,
): Promise<void> {
  const transaction = await producer.transaction()
  try {
    const written = topicMessages.filter(({ messages }) => messages.length > 0)
    if (written.length > 0) await transaction.sendBatch({ topicMessages: written, compression: LZ4 })
    if (progress !== undefined) await untilNotConcurrent(() => transaction.sendOffsets(offsetsOf(progress)))
    await transaction.commit()
  } catch (error) {
    // Readers need not wait for the timeout. After a commit of unknown outcome kafkajs refuses this.
    await transaction.abort().catch(() => undefined)
    throw error
  }
}

const offsetsOf = ({ groupId, topic, partition, nextOffset }: Progress) => ({
  consumerGroupId: groupId,
  topics: [{ topic, partitions: [{ partition, offset: String(nextOffset) }] }],
})

/** kafkajs retries this for messages, but not for offsets that come first in their transaction. */
async function untilNotConcurrent(send: () => Promise<void>): Promise<void> {
  let delayMs = PATIENCE.initialRetryTime
  for (let attempt = 1; ; attempt++) {
    try {
      return await send()
    } catch (error) {
      if ((error as { type?: string }).type !== 'CONCURRENT_TRANSACTIONS' || attempt > PATIENCE.retries)
        throw error
    }
    await sleep(delayMs)
    delayMs = Math.min(delayMs * 2, PATIENCE.maxRetryTime)
  }
}
