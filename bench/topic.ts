import { type Admin, createKafka, withAdmin, withCalls } from '../kafka/client.ts'
import { type KafkaSettings } from '../kafka/config.ts'
import { committedOffsets, endOffsets, recordsBetween } from '../kafka/offsets.ts'
import { untilLed } from '../kafka/topics.ts'
import { openWriter } from '../kafka/writer/writer.ts'
import { type ProducerSettings } from '../producer/config.ts'
import { createSink } from '../producer/sink.ts'
import { type BenchLogs, benchRecords } from './logs.ts'

/** A topic of the benchmark's own, full of logs. */
export type BenchTopic = {
  name: string
  bytes: number
  /** A name for a consumer group, which is deleted with the topic. */
  newGroup: () => string
  /** How many records a group has still to commit. */
  left: (group: string) => Promise<number>
}

/** Makes a topic full of logs, and deletes it with its groups when `use` is through, however it ends. Throws KAFKA_*. */
export async function withBenchTopic<Result>(
  kafka: KafkaSettings,
  producerSettings: ProducerSettings,
  partitions: number,
  logs: BenchLogs,
  signal: AbortSignal,
  use: (topic: BenchTopic) => Promise<Result>,
): Promise<Result> {
  return withEmptyTopic(kafka, partitions, 'CreateTime', async ({ name, newGroup }, admin) => {
    const bytes = await fillTopic(kafka, producerSettings, name, partitions, logs, signal)
    const goal = await withCalls(kafka, 'vigie-bench', (calls) => endOffsets(calls, name))
    const left = async (group: string) => recordsBetween(await committedOffsets(admin, group, name), goal)
    return use({ name, bytes, newGroup, left })
  })
}

/** The same with a topic that is empty. Its records have the time of their producer or of their arrival. */
export async function withEmptyTopic<Result>(
  kafka: KafkaSettings,
  partitions: number,
  times: 'CreateTime' | 'LogAppendTime',
  use: (topic: Pick<BenchTopic, 'name' | 'newGroup'>, admin: Admin) => Promise<Result>,
): Promise<Result> {
  const name = `vigie-bench-ship-${process.pid}-${Date.now()}`
  const brokers = kafka.KAFKA_BROKERS
  const groups: string[] = []
  const newGroup = () => {
    const group = `${name}-${groups.length + 1}`
    groups.push(group)
    return group
  }
  const configEntries = [{ name: 'message.timestamp.type', value: times }]
  return withAdmin(createKafka(kafka, 'vigie-bench'), brokers, async (admin) => {
    const topics = [{ topic: name, numPartitions: partitions, configEntries }]
    await admin.createTopics({ waitForLeaders: false, topics })
    try {
      await untilLed(admin, [name], brokers)
      return await use({ name, newGroup }, admin)
    } finally {
      await deleteAll(admin, name, groups)
    }
  })
}

/** Fills a topic with logs as `vigie replay` would, and returns their bytes. It ends early when the signal fires. */
async function fillTopic(
  kafka: KafkaSettings,
  settings: ProducerSettings,
  topic: string,
  partitions: number,
  logs: BenchLogs,
  signal: AbortSignal,
): Promise<number> {
  const writer = await openWriter(kafka, 'vigie-bench')
  try {
    const sink = createSink(writer, settings.PRODUCER_BATCH_BYTES * partitions, settings.PRODUCER_LINGER_MS)
    let bytes = 0
    for (const message of benchRecords(logs)) {
      if (signal.aborted) break
      bytes += message.value.byteLength
      await sink.add({ topic, ...message }, message.value.byteLength)
    }
    await sink.flush()
    return bytes
  } finally {
    writer.close()
  }
}

async function deleteAll(admin: Admin, topic: string, groups: readonly string[]): Promise<void> {
  await admin.deleteTopics({ topics: [topic] })
  // A group that never committed is none, and one whose member was killed is still held: Kafka forgets it later.
  await admin.deleteGroups([...groups]).catch(() => undefined)
}
