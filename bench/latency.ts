import { setTimeout as sleep } from 'node:timers/promises'
import { openWriter, type Writer, type WriterRecord } from '../kafka/writer/writer.ts'
import { serialise } from '../log/normalise.ts'
import { type LokiSettings } from '../loki/config.ts'
import { selector } from '../loki/logql.ts'
import { nanoseconds, queryLines } from '../loki/query.ts'
import { sampleLogs } from '../producer/sample.ts'
import { vigieError } from '../service/errors.ts'
import { startThrowawayLoki } from '../stack/throwaway.ts'
import { startShippers } from './measure.ts'
import { type ShipBench } from './ship.ts'
import { withEmptyTopic } from './topic.ts'

/** How long after Kafka got a log LogQL showed it, in ms. */
export type LatencyReport = {
  messages: number
  messagesPerSecond: number
  probes: number
  p50Ms: number
  p99Ms: number
  maxMs: number
}

const TICK_MS = 20
/** 100 logs every 20 ms: 5,000 a second. One of them is looked for. */
const LOGS_PER_TICK = 100
const TICKS = 1_000
/** The first ones find a shipper and a Loki that are still warming up. */
const TICKS_TO_WARM_UP = 100
const POLL_MS = 20
const LAST_SEEN_WITHIN_MS = 10_000
const PROBE = 'latency-probe'

/** The times of the logs that are looked for, by number, in ms since 1970. */
type Probes = { appendedMs: Map<number, number>; seenMs: Map<number, number> }

/**
 * Measures the way from Kafka to LogQL at 5,000 logs a second: the real `vigie ship` into an empty Loki. One
 * log in 100 is looked for by a query every 20 ms. Its time begins when the broker appends it (the broker's own
 * time) and ends when an answer holds it, so the query and the wait for the next one are in it. Throws as
 * `benchShip` does.
 */
export async function benchLatency(bench: ShipBench, signal: AbortSignal): Promise<LatencyReport> {
  return withEmptyTopic(bench.kafka, bench.partitions, 'LogAppendTime', async ({ name, newGroup }) => {
    const { loki, stop } = await startThrowawayLoki(bench.context, signal)
    const own = { ...loki, LOKI_TENANT_ID: 'bench' }
    const shippers = startShippers(bench.kafka, name, newGroup(), own, 1)
    const writer = await openWriter(bench.kafka, 'vigie-bench')
    try {
      await Promise.all(shippers.map((shipper) => shipper.said(/joined the group/)))
      const ended = shippers.map((shipper) => shipper.ended)
      return await Promise.race([measuredLatency(writer, name, own, signal), ...ended])
    } finally {
      writer.close()
      await Promise.all(shippers.map((shipper) => shipper.stop()))
      await stop()
    }
  })
}

async function measuredLatency(
  writer: Writer,
  topic: string,
  loki: LokiSettings,
  signal: AbortSignal,
): Promise<LatencyReport> {
  const probes: Probes = { appendedMs: new Map(), seenMs: new Map() }
  const startMs = Date.now()
  let isSending = true
  const sending = sendAll(writer, topic, probes, signal).finally(() => {
    isSending = false
  })
  const watching = watch(loki, probes, startMs, () => isSending, signal)
  const [seconds] = await Promise.all([sending, watching])
  const latenciesMs = [...probes.appendedMs]
    .filter(([number]) => number >= TICKS_TO_WARM_UP)
    .map(([number, appendedMs]) => (probes.seenMs.get(number) ?? Number.POSITIVE_INFINITY) - appendedMs)
  const messages = probes.appendedMs.size * LOGS_PER_TICK
  return { messages, messagesPerSecond: messages / seconds, ...spread(latenciesMs) }
}

/** How many there are, their median, their 99th percentile (nearest rank) and the largest. Pure. */
export function spread(latenciesMs: readonly number[]) {
  const sorted = [...latenciesMs].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
  return { probes: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
}

/** Sends all logs at their pace and returns how many seconds that took. */
async function sendAll(
  writer: Writer,
  topic: string,
  { appendedMs }: Probes,
  signal: AbortSignal,
): Promise<number> {
  const startMs = Date.now()
  for (let tick = 0; tick < TICKS; tick++) {
    await sleep(startMs + tick * TICK_MS - Date.now())
    if (signal.aborted) throw vigieError('INTERRUPTED', { state: 'The topic of the benchmark is deleted.' })
    const { stored } = await writer.write(recordsOf(topic, tick))
    // The probe is in partition 0, and the broker says when it appended.
    const appended = stored.find(({ partition }) => partition === 0)?.appendedMs
    appendedMs.set(tick, appended ?? Number.NaN)
  }
  return (Date.now() - startMs) / 1000
}

/** The logs of one moment; the first is looked for, by its number. */
function recordsOf(topic: string, tick: number): WriterRecord[] {
  const logs = [...sampleLogs({ count: LOGS_PER_TICK, seed: tick, newestMs: Date.now() })]
  return logs.map((log, index) => {
    const fin = new Date().toISOString()
    if (index > 0) return { topic, key: log.source, value: serialise({ ...log, fin }) }
    return {
      topic,
      partition: 0,
      value: serialise({ ...log, fin, source: PROBE, description: String(tick) }),
    }
  })
}

/** A line may become visible after one that is newer: they need not travel in the same push. */
const OVERLAP_NS = 2_000_000_000n

/** Asks for new lines until all were seen, or until none came for ten seconds after the last was sent. */
async function watch(
  loki: LokiSettings,
  { appendedMs, seenMs }: Probes,
  startMs: number,
  isSending: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  let fromNs = nanoseconds(startMs - 1_000)
  let lastMs = Date.now()
  const isMissing = () => seenMs.size < appendedMs.size && Date.now() - lastMs < LAST_SEEN_WITHIN_MS
  while (!signal.aborted && (isSending() || isMissing())) {
    const lines = await queryLines(
      loki,
      selector({ source: PROBE }),
      fromNs,
      nanoseconds(Date.now() + 60_000),
      1_000,
    )
    const nowMs = Date.now()
    for (const { line, timestampNs } of lines) {
      const number = Number((JSON.parse(line) as { description: string }).description)
      if (timestampNs - OVERLAP_NS > fromNs) fromNs = timestampNs - OVERLAP_NS
      if (seenMs.has(number)) continue
      seenMs.set(number, nowMs)
      lastMs = nowMs
    }
    await sleep(POLL_MS)
  }
}
