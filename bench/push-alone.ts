import { recordOf } from '../kafka/decoded-record.ts'
import { lokiSettings } from '../loki/config.ts'
import { type Stream } from '../loki/encode.ts'
import { encoded, push } from '../loki/push.ts'
import { settingsFrom } from '../service/settings.ts'
import { takeBatch } from '../shipper/batch/batch.ts'
import { shipperSettings } from '../shipper/config.ts'
import { projector } from '../shipper/project/project.ts'
import { benchRecords } from './logs.ts'

/** As many pushes at a time as there are partitions by default. */
const AT_ONCE = 3

/** What the shipper would push of so many logs, batch by batch: made before anything is measured. */
function batches(count: number, bytes: number): Stream[][] {
  const logs = benchRecords({ count, newestMs: Date.now(), copies: 1 })
  const records = Array.from(logs, ({ value }, offset) => recordOf({ value, offset }))
  const project = projector()
  const unlimited = Number.POSITIVE_INFINITY
  const room = { bytes, records: unlimited, endBefore: unlimited, seconds: unlimited }
  const all: Stream[][] = []
  for (let start = 0; start < records.length; ) {
    const batch = takeBatch(records, start, (record) => project(record, 0), room)
    all.push(batch.streams)
    start += batch.records.length
  }
  return all
}

/**
 * Encodes, compresses and posts so many logs, as the shipper does, that are read and projected already: the
 * floor of what pushing can cost. Prints when it begins and when it is through.
 */
const [count = ''] = process.argv.slice(2)
const loki = settingsFrom(lokiSettings, process.env)
const { SHIPPER_BATCH_BYTES, SHIPPER_PUSH_TIMEOUT_MS } = settingsFrom(shipperSettings, process.env)
const waiting = batches(Number(count), SHIPPER_BATCH_BYTES)
process.stdout.write('begins\n')
const pushOneByOne = async (): Promise<void> => {
  for (let streams = waiting.pop(); streams !== undefined; streams = waiting.pop()) {
    const { name, detail } = await push(loki, encoded(streams).body, SHIPPER_PUSH_TIMEOUT_MS)
    if (name !== 'stored') throw new Error(`the push is not stored: ${name}: ${detail}`)
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, pushOneByOne))
process.stdout.write('is through\n')
// Stays until it is ended, so that what it used can be read.
setInterval(() => undefined, 60_000)
