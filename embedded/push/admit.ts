import { type NewEntry, type NewStream, type TenantStore } from '../store/store.ts'
import { sizeText } from '../units.ts'
import { entriesAmount } from './amount.ts'
import { type Identity, isOver } from './identity.ts'
import { bucketOf, takeBytes } from './rate.ts'
import { addAmount, addSentence, type Report, secondText } from './report.ts'
import { type PushState } from './state.ts'
import { entryMs } from './validate.ts'

/** A stream of a push with those of its entries that are within the limits which need no knowledge of the store. */
export type Candidate = { identity: Identity; entries: readonly NewEntry[] }

/** The streams and entries that the store may take beside what it has. */
export function admittedStreams(
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
