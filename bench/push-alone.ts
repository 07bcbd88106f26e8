import { compress } from 'snappy'
import { lokiSettings } from '../loki/config.ts'
import { encodePush, type Stream } from '../loki/encode.ts'
import { exchange } from '../loki/http.ts'
import { settingsFrom } from '../service/settings.ts'
import { type KafkaRecord, projector } from '../shipper/project.ts'
import { benchRecords } from './logs.ts'

/** As many bytes a push as the shipper's default. */
const PUSH_BYTES = 1_048_576
/** As many pushes at a time as there are partitions by default. */
const AT_ONCE = 3
const TIMEOUT_MS = 10_000

/** All pushes, but for their encoding: made before anything is measured. */
function pushes(count: number): Stream[][] {
  const project = projector()
  const all: Stream[][] = []
  let streams = new Map<string, Stream>()
  let bytes = 0
  let offset = 0
  const cut = () => {
    all.push([...streams.values()])
    streams = new Map()
    bytes = 0
  }
  for (const { value } of benchRecords({ count, newestMs: Date.now(), copies: 1 })) {
    const record: KafkaRecord = { value, partition: 0, offset: offset++, timestampMs: 0 }
    const { labels, entry } = project(record)
    const stream = streams.get(labels) ?? { labels, entries: [] }
    stream.entries.push(entry)
    streams.set(labels, stream)
    bytes += value.byteLength
    if (bytes >= PUSH_BYTES) cut()
  }
  if (bytes > 0) cut()
  return all
}

/**
 * Encodes, compresses and posts so many logs that are read and projected already: the floor of what pushing
 * can cost. Prints when it begins and when it is through.
 */
const [count = ''] = process.argv.slice(2)
const url = `${settingsFrom(lokiSettings, process.env).LOKI_URL}/loki/api/v1/push`
const waiting = pushes(Number(count))
process.stdout.write('begins\n')
const pushOneByOne = async (): Promise<void> => {
  for (let streams = waiting.pop(); streams !== undefined; streams = waiting.pop()) {
    const body = await compress(encodePush(streams))
    const headers = { 'Content-Type': 'application/x-protobuf' }
    const { status } = await exchange({ method: 'POST', url, headers, body, timeoutMs: TIMEOUT_MS })
    if (status !== 204) throw new Error(`the sink answers HTTP ${status}`)
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, pushOneByOne))
process.stdout.write('is through\n')
// Stays until it is ended, so that what it used can be read.
setInterval(() => undefined, 60_000)
