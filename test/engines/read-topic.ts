import { withCalls } from '../../kafka/client.ts'
import { kafkaSettings } from '../../kafka/config.ts'
import { readToEnd } from '../../kafka/snapshot.ts'
import { settingsFrom } from '../../service/settings.ts'

/** Prints the committed records of a topic, one JSON a line, as a process that shares nothing with the test's. */
const settings = settingsFrom(kafkaSettings, process.env)
const [topic = ''] = process.argv.slice(2)
await withCalls(settings, 'test', (calls) =>
  readToEnd(calls, topic, ({ key, value, timestamp }) => {
    const record = { key: String(key), value: String(value), timestamp }
    process.stdout.write(`${JSON.stringify(record)}\n`)
  }),
)
