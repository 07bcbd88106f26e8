import { type Limits, type StoreConfig } from '../config.ts'
import { Refusal } from '../refusal.ts'
import { type NewEntry, type NewStream, type Store, type TenantStore } from '../store/store.ts'
import { sizeText } from '../units.ts'
import { createIdentities, type Identities, type Identity, isOver } from './identity.ts'
import { type PushedStream } from './pushed.ts'
import { type Bucket, fullBucket, type Rate, takeBytes } from './rate.ts'
import {
  type Amount,
  addAmount,
  addSentence,
  emptyReport,
  type Report,
  reportText,
  secondText,
} from './report.ts'
import { entryBytes, entryMs, validEntries } from './validate.ts'

/** What is remembered between pushes: rates by tenant and by stream, and the streams' labels. */
export type PushState = {
  store: Store
  limits: Limits
  /** How far behind the newest entry of its stream one may be. */
  outOfOrderMs: number
  identities: Identities
  tenantBuckets: Map<string, Bucket>
  streamBuckets: Map<string, Bucket>
}

export const createPushState = (store: Store, { limits_config, ingester }: StoreConfig): PushState => ({
  store,
  limits: limits_config,
  outOfOrderMs: limits_config.unordered_writes ? ingester.max_chunk_age / 2 : 0,
  identities: createIdentities(limits_config),
  tenantBuckets: new Map(),
  streamBuckets: new Map(),
})

/** What became of a push: the answer, what is stored now, and what was refused. */
export type PushOutcome = { status: 204 | 400 | 429; text: string; stored: Amount; report: Report }

type Candidate = { identity: Identity; entries: readonly NewEntry[] }

/**
 * Stores what may be stored of a push, and says why the rest was not: a stream or an entry over its limit
 * is refused on its own (400, or 429 where it may be taken later), a push over the tenant's rate as a
 * whole (429), and so is one with labels that cannot be read. Throws Refusal for that, and for a push
 * without streams (422).
 */
export function push(
  state: PushState,
  tenant: string,
  streams: readonly PushedStream[],
  nowMs: number,
): PushOutcome {
  if (streams.length === 0)
    throw new Refusal(422, 'error at least one valid stream is required for ingestion')
  const report = emptyReport()
  const lines = streams.reduce((sum, { entries }) => sum + entries.length, 0)
  const candidates = validated(state, streams, nowMs, report)
  const total = amountOf(candidates)
  if (!isWithinTenantRate(state, tenant, total, nowMs, report))
    return { status: 429, text: reportText(report, lines), stored: { lines: 0, bytes: 0 }, report }
  const admitted = admittedStreams(state, tenant, candidates, nowMs, report)
  if (admitted.length > 0) state.store.append(tenant, admitted)
  return { status: report.status, text: reportText(report, lines), stored: storedAmount(admitted), report }
}

/** The streams of a push by their labels, each once, with their valid entries. */
function validated(
  state: PushState,
  streams: readonly PushedStream[],
  nowMs: number,
  report: Report,
): Candidate[] {
  // Labels that cannot be read refuse the whole push, so all are read first.
  const identities = streams.map(({ labels }) => state.identities(labels))
  const byKey = new Map<string, Candidate>()
  streams.forEach(({ entries }, index) => {
    const identity = identities[index]
    if (identity === undefined || entries.length === 0) return
    const valid = validEntries(identity, entries, state.limits, nowMs, report)
    if (valid.length === 0) return
    const before = byKey.get(identity.key)
    byKey.set(identity.key, { identity, entries: before ? [...before.entries, ...valid] : valid })
  })
  return [...byKey.values()]
}

function entriesAmount(entries: readonly NewEntry[]): Amount {
  let bytes = 0
  for (const entry of entries) bytes += entryBytes(entry)
  return { lines: entries.length, bytes }
}

function amountOf(streams: readonly { entries: readonly NewEntry[] }[]): Amount {
  const sum: Amount = { lines: 0, bytes: 0 }
  for (const { entries } of streams) {
    const { lines, bytes } = entriesAmount(entries)
    sum.lines += lines
    sum.bytes += bytes
  }
  return sum
}
const storedAmount = (streams: readonly NewStream[]): Amount => amountOf(streams)

const MIB = 1_048_576

function isWithinTenantRate(
  { limits, tenantBuckets }: PushState,
  tenant: string,
  total: Amount,
  nowMs: number,
  report: Report,
): boolean {
  const { ingestion_rate_mb, ingestion_burst_size_mb } = limits
  const rate = { bytesPerSecond: ingestion_rate_mb * MIB, burstBytes: ingestion_burst_size_mb * MIB }
  if (takeBytes(bucketOf(tenantBuckets, tenant, rate, nowMs), total.bytes, rate, nowMs)) return true
  report.sentences.length = 0
  report.unlisted = 0
  addSentence(
    report,
    () =>
      `ingestion rate limit exceeded for user ${tenant} (limit: ${rate.bytesPerSecond} bytes/sec) while attempting to ingest '${total.lines}' lines totaling '${total.bytes}' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased`,
  )
  addAmount(report, 429, 'rate_limited', total)
  return false
}

/** Beyond so many streams, the rates of all are forgotten. */
const MAX_BUCKETS = 50_000

function bucketOf(buckets: Map<string, Bucket>, key: string, rate: Rate, nowMs: number): Bucket {
  const known = buckets.get(key)
  if (known !== undefined) return known
  if (buckets.size >= MAX_BUCKETS) buckets.clear()
  const bucket = fullBucket(rate, nowMs)
  buckets.set(key, bucket)
  return bucket
}

/** The streams and entries that the store may take beside what it has. */
function admittedStreams(
  state: PushState,
  tenant: string,
  candidates: readonly Candidate[],
  nowMs: number,
  report: Report,
): NewStream[] {
  const stored = state.store.tenant(tenant)
  const admitted: NewStream[] = []
  let active = stored?.activeStreams() ?? 0
  for (const { identity, entries } of candidates) {
    const { key, labels } = identity
    const newestNs = stored?.newestNs(key)
    if (newestNs === undefined && isOver(active + 1, state.limits.max_global_streams_per_user)) {
      refuseStream(identity, entries, tenant, report)
      continue
    }
    const inOrder = entriesInOrder(state, tenant, key, entries, newestNs, report)
    if (inOrder.length === 0 || !isWithinStreamRate(state, tenant, key, inOrder, nowMs, report)) continue
    if (newestNs === undefined) active++
    admitted.push({ key, labels, entries: inOrder })
  }
  return admitted
}

function refuseStream({ key }: Identity, entries: readonly NewEntry[], tenant: string, report: Report): void {
  addSentence(
    report,
    () =>
      `maximum active stream limit exceeded when trying to create stream ${key}, reduce the number of active streams (reduce labels or reduce label values), or contact your Loki administrator to see if the limit can be increased, user: '${tenant}'`,
  )
  addAmount(report, 429, 'stream_limit', entriesAmount(entries))
}

/** Those that are not too far behind the newest entry of their stream, which they move while they are read. */
function entriesInOrder(
  { outOfOrderMs }: PushState,
  tenant: string,
  key: string,
  entries: readonly NewEntry[],
  newestNs: ReturnType<TenantStore['newestNs']>,
  report: Report,
): readonly NewEntry[] {
  let newestMs = newestNs === undefined ? Number.NEGATIVE_INFINITY : Number(newestNs) / 1e6
  const late: NewEntry[] = []
  const inOrder: NewEntry[] = []
  for (const entry of entries) {
    const atMs = entryMs(entry)
    if (atMs < newestMs - outOfOrderMs) {
      late.push(entry)
      addSentence(report, () => tooFarBehind(entry, newestMs - outOfOrderMs))
    } else inOrder.push(entry)
    if (atMs > newestMs) newestMs = atMs
  }
  if (late.length === 0) return entries
  report.sentences.push(
    `user '${tenant}', total ignored: ${late.length} out of ${entries.length} for stream: ${key}`,
  )
  addAmount(report, 400, 'too_far_behind', entriesAmount(late))
  return inOrder
}

function tooFarBehind(entry: NewEntry, oldestMs: number): string {
  const { seconds, nanos } = entry
  const fraction = nanos === 0 ? '' : `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`
  const time = `${new Date(seconds * 1_000).toISOString().slice(0, 19).replace('T', ' ')}${fraction} +0000 UTC`
  return `entry with timestamp ${time} ignored, reason: 'entry too far behind, entry timestamp is: ${secondText(entryMs(entry))}, oldest acceptable timestamp is: ${secondText(oldestMs)}',`
}

/** All of a stream's entries, or none of them. */
function isWithinStreamRate(
  { limits, streamBuckets }: PushState,
  tenant: string,
  key: string,
  entries: readonly NewEntry[],
  nowMs: number,
  report: Report,
): boolean {
  const { per_stream_rate_limit, per_stream_rate_limit_burst } = limits
  if (per_stream_rate_limit === 0) return true
  const amount = entriesAmount(entries)
  const rate = { bytesPerSecond: per_stream_rate_limit, burstBytes: per_stream_rate_limit_burst }
  const bucket = bucketOf(streamBuckets, `${tenant} ${key}`, rate, nowMs)
  if (takeBytes(bucket, amount.bytes, rate, nowMs)) return true
  addSentence(
    report,
    () =>
      `per stream rate limit exceeded (limit: ${sizeText(per_stream_rate_limit)}/sec) while attempting to ingest for stream '${key}' totaling ${sizeText(amount.bytes)}, consider splitting a stream via additional labels or contact your Loki administrator to see if the limit can be increased`,
  )
  addAmount(report, 429, 'per_stream_rate_limit', amount)
  return false
}
