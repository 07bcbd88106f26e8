import { formatGoDuration, formatModelDuration } from '../../logql/durations.ts'
import { type Limits } from '../config.ts'
import { Refusal } from '../refusal.ts'
import { type Bounds, boundsOf, durationParameter, HOUR_NS } from './times.ts'

/** When a range query is asked: both ends included. */
export type Range = Bounds & { stepNs: bigint }

const SECOND_NS = 1_000_000_000n
/** Without a step, an answer has about this many. */
const DEFAULT_STEPS = 250n
/** Prometheus' and Loki's limit: a week at a step of a minute, or a year at one of an hour. */
const MAX_STEPS = 11_000n

/** `start`, `end`, `since` and `step` of a range query, with Loki's defaults. Throws Refusal (400). */
export function rangeOf(parameters: URLSearchParams, nowNs: bigint): Range {
  const { startNs, endNs } = boundsOf(parameters, nowNs, HOUR_NS)
  const stepNs = durationParameter(parameters, 'step') ?? defaultStepNs(endNs - startNs)
  if (stepNs <= 0n)
    throw new Refusal(
      400,
      'zero or negative query resolution step widths are not accepted. Try a positive integer',
    )
  if ((endNs - startNs) / stepNs > MAX_STEPS)
    throw new Refusal(
      400,
      'exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter',
    )
  return { startNs, endNs, stepNs }
}

function defaultStepNs(lengthNs: bigint): bigint {
  const seconds = lengthNs / SECOND_NS / DEFAULT_STEPS
  return (seconds > 1n ? seconds : 1n) * SECOND_NS
}

const ns = (ms: number): bigint => BigInt(Math.round(ms)) * 1_000_000n

/**
 * The part of the time that may be asked about; undefined when it is none. Throws Refusal (400) for more
 * time than `max_query_length`.
 */
export function withinLimits<Asked extends Bounds>(
  asked: Asked,
  limits: Limits,
  nowNs: bigint,
): Asked | undefined {
  const lookbackNs = ns(limits.max_query_lookback)
  const oldestNs = nowNs - lookbackNs
  const startNs = lookbackNs > 0n && asked.startNs < oldestNs ? oldestNs : asked.startNs
  if (startNs > asked.endNs) return undefined
  const [lengthNs, maxNs] = [asked.endNs - startNs, ns(limits.max_query_length)]
  if (maxNs > 0n && lengthNs > maxNs)
    throw new Refusal(
      400,
      `the query time range exceeds the limit (query length: ${formatGoDuration(lengthNs)}, limit: ${formatModelDuration(maxNs)})`,
    )
  return { ...asked, startNs }
}
