import { createKafka, withAdmin } from '../../kafka/client.ts'
import { kafkaSettings } from '../../kafka/config.ts'
import { readToEnd } from '../../kafka/snapshot.ts'
import { settingsFrom } from '../../service/settings.ts'

/**
 * Prints the committed records of a topic, one JSON a line. A process of its own, since Jest loads
 * kafkajs before the module that mends it: in a test's process, aborted records may get through.
 */
const settings = settingsFrom(kafkaSettings, process.env)
const [topic = ''] = process.argv.slice(2)
const kafka = createKafka(settings, 'test')
await withAdmin(kafka, settings.KAFKA_BROKERS, (admin) =>
  readToEnd(kafka, admin, topic, topic, ({ key, value, timestamp }) => {
    const record = { key: String(key), value: String(value), timestamp }
    process.stdout.write(`${JSON.stringify(record)}\n`)
  }),
)
