import { fail } from './function.ts'
import { isInt64 } from './literals.ts'

const UNIT_NS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

/** No duration of 64 bits needs more. */
const MAX_LENGTH = 400

const PART = /(\d*)(?:\.(\d*))?([^\d.]*)/y

/** A duration such as `1h15m30.918s` in ns. Throws LogqlError (`execution`) in the words of Go's `time.ParseDuration`. */
export function parseDuration(text: string): bigint {
  const problem = (what: string): never => fail(`time: ${what} duration ${JSON.stringify(text)}`)
  const isNegative = text.startsWith('-')
  const unsigned = /^[+-]/.test(text) ? text.slice(1) : text
  if (unsigned === '0') return 0n
  if (unsigned === '' || unsigned.length > MAX_LENGTH) return problem('invalid')
  let total = 0n
  let at = 0
  while (at < unsigned.length) {
    PART.lastIndex = at
    const [whole = '', digits = '', fraction = '', unit = ''] = PART.exec(unsigned) ?? []
    if (digits + fraction === '') return problem('invalid')
    if (unit === '') return problem('missing unit in')
    const unitNs = UNIT_NS[unit]
    if (unitNs === undefined) return problem(`unknown unit ${JSON.stringify(unit)} in`)
    const kept = fraction.slice(0, 18)
    total += BigInt(digits === '' ? '0' : digits) * unitNs
    if (kept !== '') total += (BigInt(kept) * unitNs) / 10n ** BigInt(kept.length)
    at += whole.length
  }
  const result = isNegative ? -total : total
  return isInt64(result) ? result : problem('invalid')
}

const SECOND = 1_000_000_000n

/** A duration in ns as Go's `Duration.String` writes it: `1h15m30.918s`, `1.5ms`, `0s`. Pure. */
export function durationText(ns: bigint): string {
  if (ns === 0n) return '0s'
  const sign = ns < 0n ? '-' : ''
  const magnitude = ns < 0n ? -ns : ns
  if (magnitude < 1_000n) return `${sign}${magnitude}ns`
  if (magnitude < 1_000_000n) return `${sign}${fractional(magnitude, 3)}µs`
  if (magnitude < SECOND) return `${sign}${fractional(magnitude, 6)}ms`
  const minutes = magnitude / (60n * SECOND)
  const seconds = `${fractional(magnitude % (60n * SECOND), 9)}s`
  if (minutes === 0n) return sign + seconds
  return `${sign}${minutes >= 60n ? `${minutes / 60n}h` : ''}${minutes % 60n}m${seconds}`
}

/** value / 10^digits without trailing zeros. */
function fractional(value: bigint, digits: number): string {
  const scale = 10n ** BigInt(digits)
  const fraction = (value % scale).toString().padStart(digits, '0').replace(/0+$/, '')
  return fraction === '' ? String(value / scale) : `${value / scale}.${fraction}`
}

/** Seconds as a float, computed as Go's `Duration.Seconds` does it: whole ones first. Pure. */
export const inSeconds = (ns: bigint): number => Number(ns / SECOND) + Number(ns % SECOND) / 1e9
