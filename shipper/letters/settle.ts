import { createKafka, type Message, withAdmin } from '../../kafka/client.ts'
import { type KafkaSettings } from '../../kafka/config.ts'
import { isFenced } from '../../kafka/errors.ts'
import { type Offsets } from '../../kafka/offsets.ts'
import {
  fencingProducer,
  type TopicMessages,
  type TransactionalProducer,
  writeTogether,
} from '../../kafka/transactions.ts'
import { DEAD_LETTERS_ID, TOPIC } from '../../log/names.ts'
import { vigieError } from '../../service/errors.ts'
import { chunks } from './chunks.ts'
import { type Counts, count } from './counts.ts'
import { type Letter, messageOf, settledMessage, withReason } from './letter.ts'
import { type DeadLetterTopic, readWaiting, withDeadLetters } from './source.ts'

export type Order = {
  /** Only letters with this reason; all when undefined. */
  reason?: string | undefined
  /** Count only. */
  dryRun: boolean
  stop: AbortSignal
  /** Told after each transaction how many letters were settled so far. */
  onSettled: (settled: number) => void
}

/** What became of the letters that were asked for. */
export type Settlement = {
  settled: number
  /** Where they were sent, or came from. */
  byTopic: Counts
  /** Further records of letters that waited already; they are settled with them. */
  copies: number
  /** Letters that still wait, by the topic that they cannot be sent to; the name is empty where none is known. */
  staying: Counts
  /** Letters that still wait since only their beginning is here. */
  cut: number
}

const NOWHERE = ''

/**
 * Sends the letters that wait to the topics that they came from, each once: in one transaction with the record
 * that says so. Killed at any moment and started again it goes on where it was. Letters of a topic that
 * does not exist stay, and so do those of which only the beginning is here. Throws KAFKA_*, DEAD_LETTERS_TAKEN_OVER when another run began, and INTERRUPTED.
 */
export const retry = (where: KafkaSettings, order: Order): Promise<Settlement> =>
  withDeadLetters(where, async (it) => {
    const canBeSent = ({ topic, isCut }: Letter) => !isCut && topic !== undefined && it.topics.has(topic)
    const { settlement } = await settle(it, order, canBeSent, messagesByTopic)
    return settlement
  })

/**
 * Forgets the letters that wait; when that is all of them, their records are deleted, too. Letters that
 * arrive meanwhile stay. Throws as `retry`.
 */
export const purge = (where: KafkaSettings, order: Order): Promise<Settlement> =>
  withDeadLetters(where, async (it) => {
    const { settlement, ends } = await settle(
      it,
      order,
      () => true,
      () => [],
    )
    const partitions = [...ends].map(([partition, end]) => ({ partition, offset: String(end) }))
    if (order.reason === undefined && !order.dryRun && partitions.length > 0)
      await withAdmin(createKafka(where, DEAD_LETTERS_ID), where.KAFKA_BROKERS, async (admin) => {
        // kafkajs knows a topic's leaders only once it has been asked about the topic.
        await admin.fetchTopicOffsets(TOPIC.deadLetters)
        await admin.deleteTopicRecords({ topic: TOPIC.deadLetters, partitions })
      })
    return settlement
  })

/** The messages that go with the letters' settlement. */
type Sending = (letters: readonly Letter[]) => TopicMessages[]

async function settle(
  it: DeadLetterTopic,
  order: Order,
  canSettle: (letter: Letter) => boolean,
  sending: Sending,
): Promise<{ settlement: Settlement; ends: Offsets }> {
  const settlement: Settlement = {
    settled: 0,
    byTopic: new Map(),
    copies: 0,
    staying: new Map(),
    cut: 0,
  }
  const producer =
    order.dryRun || !it.topics.has(TOPIC.deadLetters)
      ? undefined
      : await fencingProducer(it.where, DEAD_LETTERS_ID, DEAD_LETTERS_ID).catch((error) => {
          throw takenOver(error, 0)
        })
  try {
    const ends = await readWaiting(it, async ({ partition, letters, copies }) => {
      const chosen = withReason(letters, order.reason)
      settlement.copies += withReason(copies, order.reason).length
      for (const letter of chosen)
        if (!canSettle(letter)) {
          if (letter.isCut) settlement.cut++
          else count(settlement.staying, originOf(letter))
        }
      for (const chunk of chunks(chosen.filter(canSettle))) {
        if (order.stop.aborted) throw interrupted(settlement.settled)
        if (producer !== undefined)
          await settleChunk(producer, chunk, partition, sending).catch((error) => {
            throw takenOver(error, settlement.settled)
          })
        settlement.settled += chunk.length
        for (const letter of chunk) count(settlement.byTopic, originOf(letter))
        order.onSettled(settlement.settled)
      }
    })
    return { settlement, ends }
  } finally {
    await producer?.disconnect()
  }
}

/** The record of the settlement stands in the partition of its letters, so that it lives as long as they. */
const settleChunk = (
  producer: TransactionalProducer,
  letters: readonly Letter[],
  partition: number,
  sending: Sending,
): Promise<void> =>
  writeTogether(producer, [
    ...sending(letters),
    { topic: TOPIC.deadLetters, messages: [settledMessage(letters, partition)] },
  ])

function messagesByTopic(letters: readonly Letter[]): TopicMessages[] {
  const byTopic = new Map<string, Message[]>()
  for (const letter of letters) {
    const messages = byTopic.get(originOf(letter))
    if (messages === undefined) byTopic.set(originOf(letter), [messageOf(letter)])
    else messages.push(messageOf(letter))
  }
  return [...byTopic].map(([topic, messages]) => ({ topic, messages }))
}

const originOf = ({ topic }: Letter): string => topic ?? NOWHERE

const takenOver = (error: unknown, settled: number): unknown =>
  isFenced(error) ? vigieError('DEAD_LETTERS_TAKEN_OVER', { settled }, error) : error

const interrupted = (settled: number) =>
  vigieError('INTERRUPTED', { state: `${settled} dead letters were settled; the others wait.` })
