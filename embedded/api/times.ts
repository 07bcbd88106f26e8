import { Refusal } from '../refusal.ts'
import { durationMs } from '../units.ts'

const SECOND_NS = 1_000_000_000n
/** The last second that 64 bits of nanoseconds hold. */
const MAX_SECONDS = 9_223_372_036
const DIGITS = /^-?\d+$/
const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/
/** A whole number that is written with at most so many characters is in seconds, a longer one in nanoseconds. */
const MAX_SECONDS_LENGTH = 10

/**
 * A time as Loki's API takes it: ns, seconds (perhaps a fraction, of which three digits count), or RFC 3339;
 * undefined for any other text.
 */
export function timeNs(text: string): bigint | undefined {
  if (DIGITS.test(text))
    return text.length <= MAX_SECONDS_LENGTH ? BigInt(text) * SECOND_NS : within64Bits(text)
  const [, upToSeconds, fraction, zone] = RFC3339.exec(text) ?? []
  const ms = upToSeconds === undefined ? Number.NaN : Date.parse(`${upToSeconds}${zone}`)
  if (!Number.isNaN(ms)) return BigInt(ms) * 1_000_000n + BigInt((fraction ?? '').padEnd(9, '0'))
  const seconds = text === '' ? Number.NaN : Number(text)
  return Math.abs(seconds) <= MAX_SECONDS ? BigInt(Math.round(seconds * 1e3)) * 1_000_000n : undefined
}

/** No longer a text than that is read: digits without end would take time without end. */
const MAX_NS_LENGTH = 20

function within64Bits(text: string): bigint | undefined {
  const ns = text.length <= MAX_NS_LENGTH ? BigInt(text) : undefined
  return ns !== undefined && BigInt.asIntN(64, ns) === ns ? ns : undefined
}

/** The time in that parameter, or the fallback. Throws Refusal (400). */
export function timeParameter(parameters: URLSearchParams, name: string, fallbackNs: bigint): bigint {
  const text = parameters.get(name)
  if (text === null || text === '') return fallbackNs
  const ns = timeNs(text)
  if (ns !== undefined) return ns
  throw new Refusal(
    400,
    `could not parse '${name}' parameter: parsing time "${text}": not a number and not in RFC 3339`,
  )
}

/** A duration in that parameter, or a number of seconds, in ns. Throws Refusal (400). */
export function durationParameter(parameters: URLSearchParams, name: string): bigint | undefined {
  const text = parameters.get(name)
  if (text === null || text === '') return undefined
  const seconds = Number(text)
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : durationMs(text)
  if (ms !== undefined && Math.abs(ms) <= MAX_SECONDS * 1_000) return BigInt(Math.round(ms * 1e6))
  throw new Refusal(400, `cannot parse "${text}" to a valid duration`)
}

export const HOUR_NS = 3_600n * SECOND_NS

export type Bounds = { startNs: bigint; endNs: bigint }

/**
 * The time a request is about: `start` and `end`, or `since` before the end (or before now, if the end is
 * later). Throws Refusal (400).
 */
export function boundsOf(parameters: URLSearchParams, nowNs: bigint, defaultSinceNs: bigint): Bounds {
  const endNs = timeParameter(parameters, 'end', nowNs)
  const sinceNs = durationParameter(parameters, 'since') ?? defaultSinceNs
  const startNs = timeParameter(parameters, 'start', (endNs < nowNs ? endNs : nowNs) - sinceNs)
  if (endNs < startNs) throw new Refusal(400, 'end timestamp must not be before or equal to start time')
  return { startNs, endNs }
}

/** A whole number in that parameter, or the fallback. Throws Refusal (400). */
export function countParameter(parameters: URLSearchParams, name: string, fallback: number): number {
  const text = parameters.get(name)
  if (text === null || text === '') return fallback
  if (!DIGITS.test(text) || !Number.isSafeInteger(Number(text)))
    throw new Refusal(400, `could not parse '${name}' parameter: parsing "${text}": invalid syntax`)
  return Number(text)
}
