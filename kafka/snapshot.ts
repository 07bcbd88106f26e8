import { randomBytes } from 'node:crypto'
import { type Admin, createConsumer, type EachBatchPayload, type Kafka, type KafkaMessage } from './client.ts'
import { keepingMembership } from './group.ts'
import { type Offsets } from './offsets.ts'

/** How long nothing may come: longer than any transaction stays open, and than a broker's restart. */
const PATIENCE_MS = 60_000
const SESSION_TIMEOUT_MS = 10_000

/** Consecutive records of one partition. */
export type Records = { partition: number; records: KafkaMessage[] }

/** Hands over every committed record of a topic, one by one; else as `readBatches`. */
export async function readToEnd(
  kafka: Kafka,
  admin: Admin,
  topic: string,
  groupId: string,
  onRecord: (record: KafkaMessage) => void,
): Promise<void> {
  await readBatches(kafka, admin, topic, groupId, async ({ records }) => records.forEach(onRecord))
}

/**
 * Hands over every committed record of a topic once, from its beginning to the end that it has now, in the
 * order of each partition; a transaction that is open then is waited for. Resolves with those ends. kafkajs
 * reads only as a member of a group, so it makes one that begins with `groupId` and leaves it. Throws
 * what `onBatch` throws, and when a minute brings nothing.
 */
export async function readBatches(
  kafka: Kafka,
  admin: Admin,
  topic: string,
  groupId: string,
  onBatch: (batch: Records) => Promise<void>,
): Promise<Offsets> {
  const partitions = await admin.fetchTopicOffsets(topic)
  const ends = new Map(partitions.map(({ partition, high }) => [partition, BigInt(high)] as const))
  const left = new Map(
    partitions
      .filter(({ low, high }) => BigInt(high) > BigInt(low))
      .map(({ partition, low }) => [partition, BigInt(low)] as const),
  )
  if (left.size === 0) return ends
  const consumer = createConsumer(
    kafka,
    `${groupId}-read-${randomBytes(6).toString('hex')}`,
    SESSION_TIMEOUT_MS,
  )
  const { promise: atEnd, resolve, reject } = withResolvers()
  const timer = setTimeout(
    () =>
      reject(new Error(`${topic} could not be read to its end: nothing came for ${PATIENCE_MS / 1000} s`)),
    PATIENCE_MS,
  )
  let isOver = false
  const handled = async ({ partition, messages }: EachBatchPayload['batch']): Promise<void> => {
    const [next, end] = [left.get(partition), ends.get(partition)]
    if (isOver || next === undefined || end === undefined) return
    // After an outage kafkajs starts again from the beginning.
    const isNew = ({ offset }: KafkaMessage) => BigInt(offset) >= next && BigInt(offset) < end
    const records = messages.filter(isNew)
    const last = records.at(-1)
    if (last === undefined) return
    try {
      await onBatch({ partition, records })
      left.set(partition, BigInt(last.offset) + 1n)
    } catch (error) {
      isOver = true
      reject(error as Error)
    }
  }
  // Told also of fetches that hold only markers of transactions, which end most of our topics.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    timer.refresh()
    if (BigInt(payload.lastOffset) + 1n < (ends.get(payload.partition) ?? 0n)) return
    left.delete(payload.partition)
    if (left.size === 0) resolve()
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) reject(payload.error)
  })
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: (payload) => keepingMembership(payload, () => handled(payload.batch)),
    })
    await atEnd
    return ends
  } finally {
    isOver = true
    clearTimeout(timer)
    await consumer.disconnect()
  }
}

function withResolvers() {
  let resolve = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<void>((resolved, rejected) => {
    resolve = resolved
    reject = rejected
  })
  // An error before anybody waits is not unhandled: whoever waits later sees it.
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}
