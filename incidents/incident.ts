import { createHash } from 'node:crypto'
import { type IncidentEvent, type OngoingIncident } from '../log/incident.ts'
import { type Run } from './run.ts'

/** What is remembered of a source: enough to handle its next log as if all before were still here. */
export type SourceState = {
  /** The newest `fin` that was handled, in ms since 1970. */
  newestMs: number
  /** Identities of the logs handled at that very millisecond, in the order of their arrival. */
  atNewest: readonly string[]
  /** The incident that the source is down with. */
  ongoing?: OngoingIncident | undefined
  /** When its last incident was resolved, in ms since 1970. */
  resolvedMs?: number | undefined
}

/**
 * What became of a log: `handled`; `late`: it ended before the newest handled log of its source;
 * `duplicate`: the very bytes were handled at the same millisecond. Only `handled` changes anything.
 */
export type Verdict = 'handled' | 'late' | 'duplicate'
export type Step = { verdict: Verdict; state: SourceState; event?: IncidentEvent }

/**
 * How many logs of one millisecond are told apart from their duplicates. A limit keeps the state small
 * even for a source whose times have no more than the minute; older ones of that minute are forgotten.
 */
export const MAX_AT_NEWEST = 100

/** Handles the next log of a source. Pure; time is the log's own end, never a clock. */
export function step(state: SourceState | undefined, run: Run): Step {
  if (state !== undefined && run.endMs < state.newestMs) return { verdict: 'late', state }
  const isSameMs = state?.newestMs === run.endMs
  if (isSameMs && state.atNewest.includes(run.identity)) return { verdict: 'duplicate', state }
  const next: SourceState = {
    newestMs: run.endMs,
    atNewest: isSameMs ? [...state.atNewest, run.identity].slice(-MAX_AT_NEWEST) : [run.identity],
    ongoing: state?.ongoing,
    resolvedMs: state?.resolvedMs,
  }
  if (run.failed) return failed(next, run)
  return next.ongoing === undefined ? { verdict: 'handled', state: next } : resolved(next, next.ongoing, run)
}

function failed(state: SourceState, run: Run): Step {
  const { ongoing } = state
  if (ongoing !== undefined) {
    const more = { failed_runs: ongoing.failed_runs + 1, last_description: run.description }
    return { verdict: 'handled', state: { ...state, ongoing: { ...ongoing, ...more } } }
  }
  const opened: OngoingIncident = {
    incident: incidentId(run.source, run.endMs),
    source: run.source,
    entreprise: run.entreprise,
    zone: run.zone,
    opened_at: isoTime(run.endMs),
    detect_s: secondsBetween(run.endMs, run.arrivedMs),
    up_s: state.resolvedMs === undefined ? undefined : secondsBetween(state.resolvedMs, run.endMs),
    failed_runs: 1,
    first_description: run.description,
    last_description: run.description,
  }
  return {
    verdict: 'handled',
    state: { ...state, ongoing: opened },
    event: { event: 'opened', at: opened.opened_at, ...opened },
  }
}

function resolved(state: SourceState, ongoing: OngoingIncident, run: Run): Step {
  const at = isoTime(run.endMs)
  const downtime_s = secondsBetween(Date.parse(ongoing.opened_at), run.endMs)
  return {
    verdict: 'handled',
    state: { ...state, ongoing: undefined, resolvedMs: run.endMs },
    event: { event: 'resolved', at, ...ongoing, resolved_at: at, downtime_s },
  }
}

/** 48 bits: among a million incidents, the odds of two with one id are 1 to 500. */
const ID_HEX_DIGITS = 12

/** The id of the incident that a source's failure at that time opened. */
export const incidentId = (source: string, openedMs: number): string =>
  createHash('sha256').update(`${openedMs} ${source}`).digest('hex').slice(0, ID_HEX_DIGITS)

const isoTime = (ms: number): string => new Date(ms).toISOString()
/** Never negative: a job's clock may be ahead of Kafka's. */
const secondsBetween = (fromMs: number, toMs: number): number => Math.max(0, toMs - fromMs) / 1000
