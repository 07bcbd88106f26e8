import { randomBytes } from 'node:crypto'
import { type Admin, createConsumer, type Kafka, type KafkaMessage } from './client.ts'

/** Longer than any transaction stays open, and than a broker's restart. */
const PATIENCE_MS = 60_000
const SESSION_TIMEOUT_MS = 10_000

/**
 * Hands over every committed record of a topic, from its beginning to the end that it has now, in the
 * order of each partition; a transaction that is open then is waited for. After an outage it may start
 * again from the beginning. kafkajs reads only as a member of a group, so it makes one that begins with
 * `groupId` and leaves it. Throws when the end is not reached within a minute.
 */
export async function readToEnd(
  kafka: Kafka,
  admin: Admin,
  topic: string,
  groupId: string,
  onRecord: (record: KafkaMessage) => void,
): Promise<void> {
  const partitions = await admin.fetchTopicOffsets(topic)
  const ends = new Map(
    partitions
      .filter(({ low, high }) => BigInt(high) > BigInt(low))
      .map(({ partition, high }) => [partition, BigInt(high)] as const),
  )
  if (ends.size === 0) return
  const consumer = createConsumer(
    kafka,
    `${groupId}-read-${randomBytes(6).toString('hex')}`,
    SESSION_TIMEOUT_MS,
  )
  const { promise: atEnd, resolve, reject } = withResolvers()
  const timer = setTimeout(
    () => reject(new Error(`${topic} could not be read to its end within ${PATIENCE_MS / 1000} s`)),
    PATIENCE_MS,
  )
  // Told also of fetches that hold only markers of transactions, which end most of our topics.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    const end = ends.get(payload.partition)
    if (end === undefined || BigInt(payload.lastOffset) + 1n < end) return
    ends.delete(payload.partition)
    if (ends.size === 0) resolve()
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) reject(payload.error)
  })
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => batch.messages.forEach(onRecord),
    })
    await atEnd
  } finally {
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
