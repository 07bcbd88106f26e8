import { createConsumer, createKafka } from '../kafka/client.ts'
import { kafkaSettings } from '../kafka/config.ts'
import { settingsFrom } from '../service/settings.ts'
import { FETCHING } from '../shipper/source.ts'

/**
 * Reads so many records of a topic as the shipper fetches them, and does nothing with them: the floor of what
 * shipping can cost with kafkajs. Prints when it begins and when it is through.
 */
const [count = ''] = process.argv.slice(2)
const settings = settingsFrom(kafkaSettings, process.env)
const consumer = createConsumer(
  createKafka(settings, 'vigie-bench'),
  settings.KAFKA_GROUP_ID,
  10_000,
  FETCHING,
)
let left = Number(count)
await consumer.connect()
await consumer.subscribe({ topics: [settings.KAFKA_TOPIC], fromBeginning: true })
consumer.on(consumer.events.GROUP_JOIN, () => process.stdout.write('begins\n'))
await consumer.run({
  autoCommit: false,
  eachBatchAutoResolve: true,
  partitionsConsumedConcurrently: 3,
  eachBatch: async ({ batch }) => {
    left -= batch.messages.length
    if (left <= 0) process.stdout.write('is through\n')
  },
})
process.once('SIGTERM', async () => {
  await consumer.disconnect()
  process.exit(0)
})
