import { type LogLine, type State } from '../log/line.ts'

export const DEFAULT_SEED = 20_260_115
/** When the newest log of the shipped sample ends: 2026-01-15T12:00:00.000Z. */
export const SAMPLE_NEWEST_MS = Date.UTC(2026, 0, 15, 12)

/**
 * What is ingested: how often next to the others, for whom and where mostly, the median of its
 * duration in seconds and how far that spreads (σ of its logarithm), the part of it that is CPU
 * time, its median memory in MB, and the rows of a median run.
 */
type Source = {
  name: string
  weight: number
  company: string
  zone: string
  medianS: number
  spread: number
  cpuShare: number
  memoryMb: number
  rows: number
}

const COMPANIES = ['nordvent', 'atelier-lumen', 'maison-oriel', 'helvia'] as const
const ZONES = ['eu-west', 'eu-central', 'us-east', 'ap-south'] as const

// biome-ignore format: a table
const SOURCES: readonly [Source, ...Source[]] = [
  { name: 'crm',             weight: 16, company: 'nordvent',      zone: 'eu-west',    medianS: 2.4, spread: 0.6, cpuShare: 0.45, memoryMb: 48,  rows: 1_800 },
  { name: 'erp',             weight: 13, company: 'maison-oriel',  zone: 'eu-central', medianS: 3.1, spread: 0.6, cpuShare: 0.55, memoryMb: 72,  rows: 3_400 },
  { name: 'billing',         weight: 12, company: 'nordvent',      zone: 'eu-west',    medianS: 1.9, spread: 0.5, cpuShare: 0.4,  memoryMb: 41,  rows: 620 },
  { name: 'web-analytics',   weight: 18, company: 'atelier-lumen', zone: 'us-east',    medianS: 3.3, spread: 0.6, cpuShare: 0.7,  memoryMb: 88,  rows: 24_000 },
  { name: 'inventory',       weight: 12, company: 'maison-oriel',  zone: 'eu-west',    medianS: 2.1, spread: 0.7, cpuShare: 0.5,  memoryMb: 36,  rows: 2_900 },
  { name: 'payments',        weight: 13, company: 'atelier-lumen', zone: 'eu-central', medianS: 1.4, spread: 0.5, cpuShare: 0.35, memoryMb: 29,  rows: 480 },
  { name: 'support-tickets', weight: 8,  company: 'helvia',        zone: 'ap-south',   medianS: 1.7, spread: 0.7, cpuShare: 0.3,  memoryMb: 26,  rows: 150 },
  { name: 'data-lake',       weight: 8,  company: 'helvia',        zone: 'us-east',    medianS: 7.5, spread: 0.7, cpuShare: 0.8,  memoryMb: 96,  rows: 96_000 },
]

type Failure = { says: string; seconds: number }
/** How runs fail: what they say, and about how long they take until then. */
const FAILURES: readonly [Failure, ...Failure[]] = [
  { says: 'connection to {source}-db:5432 timed out after 30 s (ETIMEDOUT)', seconds: 30 },
  { says: 'schema mismatch: column "amount" is text, expected numeric', seconds: 1.6 },
  { says: 'HTTP 503 from {source} API after 3 attempts: Service Unavailable', seconds: 12 },
  { says: 'write /var/lib/ingest/{source}.parquet: no space left on device', seconds: 4 },
  { says: 'HTTP 401 from {source} API: access token expired', seconds: 0.6 },
  { says: 'killed: out of memory while sorting (SIGKILL)', seconds: 9 },
]

/** A retry takes at most so long: it starts after the failure that it mends. */
const LONGEST_RETRY_S = 60

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** Runs for one failure: 1.4 % fail. */
const RUNS_PER_FAILURE = 72
/** The last failure ends so long before the newest log. */
const LAST_FAILURE_AGO_MS = 4 * MINUTE_MS + 10_000
/** A failed run is retried: its source succeeds again after 2 to 3 minutes. */
const RECOVERY_MS = { least: 2 * MINUTE_MS, most: 3 * MINUTE_MS }

/** How long the logs span: 24 hours for 72 of them, 12.6 days for 100,000, 28 for 1,000,000. */
const spanMs = (count: number): number => DAY_MS * (count / RUNS_PER_FAILURE) ** 0.35

/** How much more runs there are at 14:00 UTC, and fewer at 02:00, than on average. */
const RHYTHM = 0.6
const PEAK_MS = 14 * 60 * MINUTE_MS
const angle = (ms: number): number => (2 * Math.PI * (ms - PEAK_MS)) / DAY_MS
/** The integral of the daily rhythm 1 + 0.6 cos: even steps of it are the rhythm's uneven steps of time. */
const evenOf = (ms: number): number => ms + ((RHYTHM * DAY_MS) / (2 * Math.PI)) * Math.sin(angle(ms))
/** Its inverse, by Newton's method; 8 steps leave less than a millisecond. */
function timeOf(even: number): number {
  let ms = even
  for (let step = 0; step < 8; step++) ms -= (evenOf(ms) - even) / (1 + RHYTHM * Math.cos(angle(ms)))
  return Math.round(ms)
}

type Random = () => number

/** The mulberry32 generator: uniform numbers in [0, 1), the same ones for the same seed. */
function mulberry32(seed: number): Random {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A normally distributed number (Box and Muller's transform). */
const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
const between = (random: Random, least: number, most: number): number => least + (most - least) * random()

/** One of these, as often as its weight says. */
function oneOf<Item>(
  random: Random,
  items: readonly [Item, ...Item[]],
  weightOf: (item: Item) => number,
): Item {
  let left = random() * items.reduce((sum, item) => sum + weightOf(item), 0)
  for (const item of items) {
    left -= weightOf(item)
    if (left < 0) return item
  }
  return items[0]
}
const evenly = () => 1

type Run = { source: Source; endMs: number; state: State; durationS: number; cpuS: number; says: string }

function lineOf(random: Random, { source, endMs, state, durationS, cpuS, says }: Run): LogLine {
  const durationMs = Math.max(1, Math.round(durationS * 1000))
  const isAtHome = random() < 0.85
  const memoryMb = source.memoryMb * Math.exp(0.15 * normal(random))
  const excess = random() < 0.004 ? between(random, 1.8, 3) : 1
  return {
    debut: new Date(endMs - durationMs).toISOString(),
    fin: new Date(endMs).toISOString(),
    duree: durationMs / 1000,
    etat: state,
    source: source.name,
    entreprise: isAtHome ? source.company : oneOf(random, COMPANIES, evenly),
    zone: isAtHome ? source.zone : oneOf(random, ZONES, evenly),
    cpu: Math.round(cpuS * 1000) / 1000,
    memoire: Math.round(memoryMb * excess * 10) / 10,
    description: says,
  }
}

function success(random: Random, source: Source, endMs: number, longestS: number): LogLine {
  const durationS = Math.min(longestS, source.medianS * Math.exp(source.spread * normal(random)))
  const rows = Math.round(((source.rows * durationS) / source.medianS) * between(random, 0.9, 1.1))
  const cpuS = durationS * source.cpuShare * between(random, 0.85, 1.15)
  const says = `${String(rows).replace(/\B(?=(\d{3})+$)/g, ' ')} rows ingested`
  return lineOf(random, { source, endMs, state: 'SUCCESS', durationS, cpuS, says })
}

function failure(random: Random, source: Source, endMs: number): LogLine {
  const { says, seconds } = oneOf(random, FAILURES, evenly)
  const durationS = seconds * between(random, 1, 1.1)
  const cpuS = durationS * 0.2 * source.cpuShare
  const text = says.replace('{source}', source.name)
  return lineOf(random, { source, endMs, state: 'FAILED', durationS, cpuS, says: text })
}

/**
 * Made-up logs of ingestion runs, `count` of them in order of `fin`, the newest ending at `newestMs`
 * (ms since 1970). The same options always give the same logs. Memory does not grow with `count`.
 *
 * 72 logs span 24 hours and the span grows with count^0.35, so that 1,000,000 logs span 28 days;
 * there are more by day than by night. One log in 72 is FAILED, spread over the span; 2 to 3
 * minutes after it its source succeeds again, without having run in between. The last failure is
 * 250 s before the newest log. Fewer than 4 logs hold no failure.
 */
export function* sampleLogs(options: { count: number; seed: number; newestMs: number }): Generator<LogLine> {
  const { count, seed, newestMs } = options
  const random = mulberry32(seed)
  const failures = count < 4 ? 0 : Math.max(1, Math.round(count / RUNS_PER_FAILURE))
  const oldestMs = newestMs - spanMs(count)
  const usual = times(random, count - 2 * failures, oldestMs, newestMs)
  const failing = times(random, failures, oldestMs, newestMs - LAST_FAILURE_AGO_MS)
  const retries: { source: Source; endMs: number }[] = []
  let usualMs = nextOf(usual)
  let failingMs = nextOf(failing)

  const idleSource = (): Source => {
    const isBusy = (source: Source) => retries.some((retry) => retry.source === source)
    return oneOf(random, SOURCES, (source) => (isBusy(source) ? 0 : source.weight))
  }
  for (let made = 0; made < count; made++) {
    const retry = retries[0]
    if (retry !== undefined && retry.endMs <= Math.min(usualMs, failingMs)) {
      retries.shift()
      yield success(random, retry.source, retry.endMs, LONGEST_RETRY_S)
    } else if (failingMs <= usualMs) {
      const source = idleSource()
      yield failure(random, source, failingMs)
      retries.push({
        source,
        endMs: failingMs + Math.round(between(random, RECOVERY_MS.least, RECOVERY_MS.most)),
      })
      retries.sort((a, b) => a.endMs - b.endMs)
      failingMs = nextOf(failing)
    } else {
      yield success(random, idleSource(), usualMs, Number.POSITIVE_INFINITY)
      usualMs = nextOf(usual)
    }
  }
}

/** `count` times in order, in the daily rhythm between two others; the last is `newestMs` itself. */
function* times(random: Random, count: number, oldestMs: number, newestMs: number): Generator<number> {
  const from = evenOf(oldestMs)
  const step = (evenOf(newestMs) - from) / count
  for (let index = 0; index < count - 1; index++) yield timeOf(from + step * (index + random()))
  if (count > 0) yield newestMs
}

const nextOf = (series: Generator<number>): number => {
  const { done, value } = series.next()
  return done ? Number.POSITIVE_INFINITY : value
}
