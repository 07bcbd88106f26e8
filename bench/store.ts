import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LokiSettings } from '../loki/config.ts'
import { type Stream } from '../loki/encode.ts'
import { identityOf } from '../loki/identity.ts'
import { selector } from '../loki/logql.ts'
import { encoded, push } from '../loki/push.ts'
import { nanoseconds, queryInstant, queryLines } from '../loki/query.ts'
import { vigieError } from '../service/errors.ts'
import { type StackContext } from '../stack/service.ts'
import { type OwnLoki, startOwnLoki } from '../stack/throwaway.ts'
import { spread } from './latency.ts'
import { benchRecords } from './logs.ts'
import { pushP99WhileAsked } from './store-busy.ts'
import { usageOf } from './usage.ts'

/** What a store cost and took on the same work. null where the system does not tell (not Linux). */
export type StoreMeasurement = {
  who: string
  lines: number
  ingestPerSecond: number
  ingestCpuMicroseconds: number | null
  /** Over half of the lines, medians. */
  countMs: number
  quantileMs: number
  quantileCpuMs: number | null
  /** With all lines stored and the queries asked. */
  peakMegabytes: number | null
  /** From the process's start until it is ready, after a clean end and after a kill. */
  startMs: number
  startAfterKillMs: number
  visibleP50Ms: number
  visibleP99Ms: number
  /** Of pushes while the quantile is asked for again and again. */
  busyPushP99Ms: number
  /** What it counts in the end, kill included. */
  stored: number
}

const PUSH_BYTES = 1_000_000
const PUSHES_AT_ONCE = 2
const PUSH_TIMEOUT_MS = 60_000
const COUNTS = 15
const QUANTILES = 7
const PROBES = 300
const HALVES = ['bench-a', 'bench-b'] as const

/**
 * Measures one store, an embedded one or a `loki` program as the context chooses, from the outside: pushing
 * so many lines, asking over half of them, memory, starts, and how soon a push is visible. Throws BENCH_FAILED,
 * INTERRUPTED and what starting a Loki throws.
 */
export async function benchStore(
  context: StackContext,
  lines: number,
  signal: AbortSignal,
): Promise<StoreMeasurement> {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-bench-store-'))
  const newestMs = Date.now()
  let own = await startOwnLoki(context, folder, signal)
  const settings = (): LokiSettings => ({ ...own.loki, LOKI_TENANT_ID: 'bench' })
  try {
    const who = (await identityOf(own.loki)) ?? 'Loki'
    const ingest = await measureIngest(own, settings(), pushesOf(lines, newestMs), lines, signal)
    const at = nanoseconds(newestMs + 1_000)
    const [half] = HALVES
    const count = `sum by (etat) (count_over_time({job="${half}"}[30d]))`
    const counts = await timed(COUNTS, own.pid, () => queryInstant(settings(), count, at))
    const quantile = `quantile_over_time(0.95, {job="${half}"} | json duree="duree" | unwrap duree | __error__="" [30d]) by (source)`
    const quantiles = await timed(QUANTILES, own.pid, () => queryInstant(settings(), quantile, at))
    const visible = await measureVisibility(settings(), signal)
    const busyPushP99Ms = await pushP99WhileAsked(
      settings(),
      selector({ job: 'bench-busy' }),
      () => queryInstant(settings(), quantile, at),
      signal,
    )
    const peakMegabytes = usageOf([own.pid])?.peakMegabytes ?? null

    const again = async (end: 'SIGTERM' | 'SIGKILL') => {
      await own.end(end)
      const startMs = performance.now()
      own = await startOwnLoki(context, folder, signal)
      return performance.now() - startMs
    }
    const startMs = await again('SIGTERM')
    const startAfterKillMs = await again('SIGKILL')
    const [total] = await queryInstant(settings(), `sum(count_over_time({job=~"bench-[ab]"}[30d]))`, at)
    return {
      ...{ who, lines, ...ingest },
      ...{ countMs: counts.medianMs, quantileMs: quantiles.medianMs, quantileCpuMs: quantiles.cpuMs },
      ...{ peakMegabytes, startMs, startAfterKillMs },
      ...{
        visibleP50Ms: visible.p50Ms,
        visibleP99Ms: visible.p99Ms,
        busyPushP99Ms,
        stored: total?.value ?? 0,
      },
    }
  } finally {
    await own.end('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The lines as the shipper would push them: encoded before anything is measured, in the order of their times. */
function pushesOf(lines: number, newestMs: number): Buffer[] {
  const pushes: Buffer[] = []
  for (const job of HALVES) {
    let streams = new Map<string, Stream>()
    let bytes = 0
    const close = () => {
      if (streams.size > 0) pushes.push(Buffer.from(encoded([...streams.values()]).body))
      streams = new Map()
      bytes = 0
    }
    let index = 0
    for (const { value } of benchRecords({ count: lines / HALVES.length, newestMs, copies: 1 })) {
      const { etat, source, entreprise, zone, fin } = JSON.parse(value.toString()) as Record<string, string>
      const labels = selector({
        job,
        etat: `${etat}`,
        source: `${source}`,
        entreprise: `${entreprise}`,
        zone: `${zone}`,
      })
      const stream = streams.get(labels) ?? { labels, entries: [] }
      streams.set(labels, stream)
      const ms = Date.parse(fin ?? '')
      const nanos = (ms % 1_000) * 1_000_000 + (index++ % 1_000_000)
      stream.entries.push({ seconds: Math.floor(ms / 1_000), nanos, line: value })
      bytes += value.length
      if (bytes >= PUSH_BYTES) close()
    }
    close()
  }
  return pushes
}

async function measureIngest(
  { pid }: OwnLoki,
  settings: LokiSettings,
  pushes: readonly Buffer[],
  lines: number,
  signal: AbortSignal,
) {
  const before = usageOf([pid])
  const startMs = performance.now()
  let next = 0
  const pushOneByOne = async () => {
    for (let body = pushes[next++]; body !== undefined; body = pushes[next++]) {
      if (signal.aborted) throw vigieError('INTERRUPTED', { state: 'The store of the benchmark is deleted.' })
      const { name, detail } = await push(settings, body, PUSH_TIMEOUT_MS)
      if (name !== 'stored') throw vigieError('BENCH_FAILED', { problem: `a push is not stored: ${detail}` })
    }
  }
  await Promise.all(Array.from({ length: PUSHES_AT_ONCE }, pushOneByOne))
  const seconds = (performance.now() - startMs) / 1_000
  const after = usageOf([pid])
  return {
    ingestPerSecond: lines / seconds,
    ingestCpuMicroseconds: before && after ? ((after.cpuSeconds - before.cpuSeconds) / lines) * 1e6 : null,
  }
}

/** The median time of a question that is asked so often, and the CPU time of the process for one. */
async function timed(times: number, pid: number, ask: () => Promise<unknown>) {
  const took: number[] = []
  const before = usageOf([pid])
  for (let index = 0; index < times; index++) {
    const startMs = performance.now()
    await ask()
    took.push(performance.now() - startMs)
  }
  const after = usageOf([pid])
  took.sort((a, b) => a - b)
  const cpuMs = before && after ? ((after.cpuSeconds - before.cpuSeconds) * 1_000) / times : null
  return { medianMs: took[Math.floor(times / 2)] ?? Number.NaN, cpuMs }
}

/** How long after a push begins its line is in an answer: pushed and asked for, again and again. */
async function measureVisibility(settings: LokiSettings, signal: AbortSignal) {
  const took: number[] = []
  for (let probe = 0; probe < PROBES && !signal.aborted; probe++) {
    const nowMs = Date.now()
    const line = Buffer.from(`probe ${probe}`)
    const labels = selector({ job: 'bench-probe' })
    const entry = { seconds: Math.floor(nowMs / 1_000), nanos: (nowMs % 1_000) * 1_000_000 + probe, line }
    const startMs = performance.now()
    await push(settings, encoded([{ labels, entries: [entry] }]).body, PUSH_TIMEOUT_MS)
    const fromNs = nanoseconds(nowMs - 1_000)
    for (;;) {
      const found = await queryLines(settings, labels, fromNs, nanoseconds(nowMs + 1_000), 1_000)
      if (found.some((each) => each.line === `probe ${probe}`)) break
      if (performance.now() - startMs > PUSH_TIMEOUT_MS)
        throw vigieError('BENCH_FAILED', { problem: 'a line that was pushed does not become visible' })
    }
    took.push(performance.now() - startMs)
  }
  return spread(took)
}
