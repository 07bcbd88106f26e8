import { Refusal } from '../refusal.ts'
import { admittedStreams, type Candidate } from './admit.ts'
import { amountOf } from './amount.ts'
import { isOver } from './identity.ts'
import { type PushedStream } from './pushed.ts'
import { bucketOf, takeBytes } from './rate.ts'
import { type Amount, addAmount, addSentence, emptyReport, type Report, reportText } from './report.ts'
import { type PushState } from './state.ts'
import { validEntries } from './validate.ts'

/** What became of a push: the answer, what is stored now, and what was refused. */
export type PushOutcome = { status: 204 | 400 | 429; text: string; stored: Amount; report: Report }

/**
 * Stores what may be stored of a push, and says why the rest was not: a stream or an entry over its limit
 * is refused on its own (400, or 429 where it may be taken later), a push over the tenant's rate as a
 * whole (429), and so is one with labels that cannot be read. Throws Refusal for that, for a push
 * without streams (422), and for the first of a tenant that is one too many (429).
 */
export function push(
  state: PushState,
  tenant: string,
  streams: readonly PushedStream[],
  nowMs: number,
): PushOutcome {
  if (streams.length === 0)
    throw new Refusal(422, 'error at least one valid stream is required for ingestion')
  checkTenants(state, tenant)
  const report = emptyReport()
  const lines = streams.reduce((sum, { entries }) => sum + entries.length, 0)
  const candidates = validated(state, streams, nowMs, report)
  const total = amountOf(candidates)
  if (!isWithinTenantRate(state, tenant, total, nowMs, report))
    return { status: 429, text: reportText(report, lines), stored: { lines: 0, bytes: 0 }, report }
  const admitted = admittedStreams(state, tenant, candidates, nowMs, report)
  if (admitted.length > 0) state.store.append(tenant, admitted)
  return { status: report.status, text: reportText(report, lines), stored: amountOf(admitted), report }
}

function checkTenants({ store, limits }: PushState, tenant: string): void {
  if (store.tenant(tenant) !== undefined || !isOver(store.tenants().length + 1, limits.max_tenants)) return
  throw new Refusal(
    429,
    `maximum number of tenants (${limits.max_tenants}) reached, user '${tenant}' is none of them: write as one that is stored already, or raise limits_config.max_tenants`,
  )
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
  report.problems.clear()
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
