import { parseNumber } from '../values.ts'
import { parseDuration } from './duration.ts'
import { fail } from './function.ts'
import { timeText } from './layout.ts'
import { sprintf } from './printf.ts'
import { type Integer, integer, type Time, typeOf, type Value } from './value.ts'
import { UTC } from './zone.ts'

const short = (value: number): string => sprintf('%.4g', [value])

/** The value of a number, of a text that is one, or of a duration in seconds. Throws LogqlError (`execution`) for anything else. */
export function asFloat(value: Value): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string') {
    const { value: number, problem } = parseNumber(value)
    return problem === undefined ? number : fail(problem)
  }
  if (typeof value === 'object' && value?.kind === 'integer') {
    return value.type === 'time.Duration' ? Number(value.value) / 1e9 : Number(value.value)
  }
  return fail(`can't convert ${typeOf(value)} to float`)
}

/** The number in the largest unit that is below it, and that unit's prefix. */
function scaled(value: number, prefixes: readonly string[], base: number): { value: number; prefix: string } {
  let rest = value
  let prefix = ''
  for (const next of prefixes) {
    if (Math.abs(rest) < base) break
    rest /= base
    prefix = next
  }
  return { value: rest, prefix }
}

const SMALL = ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y']

/** The number in thousandths, millionths, … until it is at least 1. */
function scaledUp(value: number): { value: number; prefix: string } {
  let rest = value
  let prefix = ''
  for (const next of SMALL) {
    if (Math.abs(rest) >= 1) break
    rest *= 1000
    prefix = next
  }
  return { value: rest, prefix }
}

/** `1.235M`, `120m`. Pure. */
export function humanize(number: number): string {
  if (number === 0 || !Number.isFinite(number)) return short(number)
  const large = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y']
  const { value, prefix } = Math.abs(number) >= 1 ? scaled(number, large, 1000) : scaledUp(number)
  return short(value) + prefix
}

/** `1.177Mi`. Pure. */
export function humanize1024(number: number): string {
  if (Math.abs(number) <= 1 || !Number.isFinite(number)) return short(number)
  const { value, prefix } = scaled(number, ['ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi'], 1024)
  return short(value) + prefix
}

/** Seconds as `1d 0h 0m 0s`, `12.35s`, `100ms`. Pure. */
export function humanizeDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return short(seconds)
  if (seconds === 0) return '0s'
  if (Math.abs(seconds) < 1) {
    const { value, prefix } = scaledUp(seconds)
    return `${short(value)}${prefix}s`
  }
  const sign = seconds < 0 ? '-' : ''
  const whole = Math.trunc(Math.abs(seconds))
  const second = whole % 60
  const minute = Math.floor(whole / 60) % 60
  const hour = Math.floor(whole / 3600) % 24
  const day = Math.floor(whole / 86_400)
  if (day > 0) return `${sign}${day}d ${hour}h ${minute}m ${second}s`
  if (hour > 0) return `${sign}${hour}h ${minute}m ${second}s`
  return minute > 0 ? `${sign}${minute}m ${second}s` : `${sign}${short(Math.abs(seconds))}s`
}

/** A ratio as `12.35%`. Pure. */
export const humanizePercentage = (ratio: number): string => `${short(ratio * 100)}%`

/** Seconds since 1970 as a time, exact to the millisecond. Throws LogqlError (`execution`) for NaN, infinity and overflow. */
export function timeOfSeconds(seconds: number): Time {
  if (!Number.isFinite(seconds)) return fail('value is NaN or Inf')
  const ns = seconds * 1e9
  if (Math.abs(ns) > 2 ** 63) {
    return fail(
      `${sprintf('%v', [seconds])} cannot be represented as a nanoseconds timestamp since it overflows int64`,
    )
  }
  return { kind: 'time', ns: (BigInt(Math.trunc(ns)) / 1_000_000n) * 1_000_000n, zone: UTC }
}

/** Seconds since 1970 as `2015-06-23 13:19:44.128 +0000 UTC`. */
export const humanizeTimestamp = (seconds: number): string =>
  Number.isFinite(seconds) ? timeText(timeOfSeconds(seconds)) : short(seconds)

/** Seconds as Go's Duration. */
export function durationOfSeconds(seconds: number): Integer {
  if (!Number.isFinite(seconds)) return fail('value is NaN or Inf')
  return Math.abs(seconds * 1e9) > 2 ** 63
    ? fail(`${sprintf('%v', [seconds])} cannot be represented as a duration since it overflows int64`)
    : integer(BigInt(Math.trunc(seconds * 1e9)), 'time.Duration')
}

const LONG_UNITS_HOURS: Readonly<Record<string, number>> = { y: 8760, w: 168, d: 24 }

/** `1d2h10ms` in seconds; Prometheus knows days, weeks and years, and takes units once and in order. */
export function parsePrometheusDuration(text: string): number {
  if (text === '') return fail('empty duration string')
  if (text === '0') return 0
  const found = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?((?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?)$/.exec(text)
  if (found === null) return fail(`not a valid duration string: ${JSON.stringify(text)}`)
  const [, years, weeks, days, rest = ''] = found
  const hours = Object.entries({ y: years, w: weeks, d: days }).reduce(
    (sum, [unit, count]) => sum + Number(count ?? 0) * (LONG_UNITS_HOURS[unit] ?? 0),
    0,
  )
  return hours * 3600 + (rest === '' ? 0 : Number(parseDuration(rest)) / 1e9)
}
