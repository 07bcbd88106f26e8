import { clusterOf } from '../kafka/client.ts'
import { kafkaSettings } from '../kafka/config.ts'
import { callsOf } from '../kafka/consumer/calls.ts'
import { consume } from '../kafka/consumer/consume.ts'
import { settingsFrom } from '../service/settings.ts'
import { stopSignal } from '../service/shutdown.ts'
import { FETCHING } from '../shipper/main.ts'

/**
 * Reads so many records of a topic as the shipper fetches them, and does nothing with them: the floor of what
 * shipping can cost. Prints when it begins and when it is through.
 */
const [count = ''] = process.argv.slice(2)
const settings = settingsFrom(kafkaSettings, process.env)
const cluster = clusterOf(settings, 'vigie-bench')
const nothing = () => undefined
let left = Number(count)
await consume(
  {
    calls: callsOf(cluster),
    groupId: settings.KAFKA_GROUP_ID,
    topics: { names: [settings.KAFKA_TOPIC] },
    sessionTimeoutMs: 10_000,
    fetching: FETCHING,
  },
  () => ({
    begin: nothing,
    records: async ({ records }) => {
      left -= records.length
      if (left <= 0) process.stdout.write('is through\n')
    },
    ...{ gap: nothing, unreadable: nothing, rebalancing: nothing, heard: nothing, trouble: nothing },
    end: async () => undefined,
    joined: () => void process.stdout.write('begins\n'),
  }),
  stopSignal(),
)
cluster.close()
