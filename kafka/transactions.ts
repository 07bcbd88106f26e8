import { clusterOf, type Message } from './client.ts'
import { type KafkaSettings } from './config.ts'
import { CLOCK } from './consumer/clock.ts'
import { writerCallsOf } from './writer/calls.ts'
import { type Progress, transactionCallsOf } from './writer/transaction-calls.ts'
import { createTransactionalProducer, type TransactionalProducer, untilDone } from './writer/transactional.ts'

export type { Progress } from './writer/transaction-calls.ts'
export type { Transaction, TransactionalProducer } from './writer/transactional.ts'

/**
 * Our transactions take milliseconds. A process that hangs in one holds back every reader of what is
 * committed, and whoever takes over: after this long the broker ends it.
 */
const TRANSACTION_TIMEOUT_MS = 10_000

/**
 * Connects the one transactional producer of that id and fences the one before it: the broker has then ended
 * the predecessor's open transaction and refuses it from now on (INVALID_PRODUCER_EPOCH), so that what is
 * committed stays as it is until this producer changes it. Throws errors of kafkajs.
 */
export async function fencingProducer(
  settings: KafkaSettings,
  clientId: string,
  transactionalId: string,
): Promise<TransactionalProducer> {
  const cluster = clusterOf(settings, clientId)
  const calls = transactionCallsOf(cluster, transactionalId, TRANSACTION_TIMEOUT_MS)
  try {
    return createTransactionalProducer({
      identity: await untilDone(CLOCK, calls.fence),
      calls,
      writerCalls: writerCallsOf(cluster, transactionalId),
      clock: CLOCK,
      disconnect: cluster.close,
    })
  } catch (error) {
    cluster.close()
    throw error
  }
}

export type TopicMessages = { topic: string; messages: Message[] }

/**
 * Writes messages, and a group's progress if there is any, in one transaction: all of it or none, in as many
 * batches as the topics' limits ask for. When it throws, either may be the case, and the producer must not be
 * used again: a new one that fences it knows.
 */
export async function writeTogether(
  producer: TransactionalProducer,
  topicMessages: readonly TopicMessages[],
  progress?: Progress,
): Promise<void> {
  const transaction = await producer.transaction()
  try {
    await transaction.write(
      topicMessages.flatMap(({ topic, messages }) => messages.map((message) => ({ ...message, topic }))),
    )
    if (progress !== undefined) await transaction.addProgress(progress)
    await transaction.commit()
  } catch (error) {
    // Readers need not wait for the timeout. After a commit of unknown outcome there is nothing to abort.
    await transaction.abort().catch(() => undefined)
    throw error
  }
}
