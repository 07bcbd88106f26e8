import { parseGoDuration } from './durations.ts'
import { BYTES_OF_UNIT } from './sizes.ts'
import { quote } from './strings.ts'

// Numbers, durations and sizes as Go's `strconv`, `time` and the package `humanize` read them, with their
// words for what they refuse: those stand in `__error_details__`. Numbers and not bigints, since lines by the
// hundred thousand are read and compared.

/** What a text means, or why it means nothing. */
export type Parsed = { value: number; problem: undefined } | { value: undefined; problem: string }

const ok = (value: number): Parsed => ({ value, problem: undefined })
const refused = (problem: string): Parsed => ({ value: undefined, problem })

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/
const NAMED = /^(?:([+-]?)inf(?:inity)?|nan)$/i
const HEXADECIMAL = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?\d+)$/
/** Underscores may only separate digits. */
const MISPLACED_UNDERSCORE = /__|^[+-]?_|_$|[.pP+-]_|_[.pP+-]|^[^xX]*(?:[eE]_|_[eE])/

/** A number as Go's `strconv.ParseFloat` reads it: `1e3`, `1_000`, `0x1p-2`, `-Inf`, `NaN`. */
export function parseNumber(text: string): Parsed {
  const value = DECIMAL.test(text) ? Number(text) : unusualNumber(text)
  if (value === undefined) return refused(`strconv.ParseFloat: parsing ${quote(text)}: invalid syntax`)
  if (Math.abs(value) === Number.POSITIVE_INFINITY && !NAMED.test(text))
    return refused(`strconv.ParseFloat: parsing ${quote(text)}: value out of range`)
  return ok(value)
}

function unusualNumber(text: string): number | undefined {
  const named = NAMED.exec(text)
  if (named !== null) return named[1] === undefined ? Number.NaN : named[1] === '-' ? -Infinity : Infinity
  if (MISPLACED_UNDERSCORE.test(text)) return undefined
  const plain = text.replaceAll('_', '')
  return DECIMAL.test(plain) ? Number(plain) : hexadecimalNumber(plain)
}

function hexadecimalNumber(text: string): number | undefined {
  const [, sign, whole = '', fraction = '', exponent] = HEXADECIMAL.exec(text) ?? []
  if (whole + fraction === '') return undefined
  const mantissa = Number(`0x${whole}${fraction}`)
  const value = mantissa === 0 ? 0 : mantissa * 2 ** (Number(exponent) - 4 * fraction.length)
  return sign === '-' ? -value : value
}

/** A duration in ns as Go's `time.ParseDuration` reads it: `1h2m3.5s`, `-250us`, `0`. */
export function parseDurationNs(text: string): Parsed {
  const parsed = parseGoDuration(text)
  return 'ns' in parsed ? ok(Number(parsed.ns)) : refused(parsed.problem)
}

const SIZE = /^[\d.,]*/

/** A size in whole bytes as the Go package `humanize` reads it (`ParseBytes`): `1.5MiB`, `12 kb`, `42`. */
export function parseBytes(text: string): Parsed {
  const [digits = ''] = SIZE.exec(text) ?? []
  const number = parseNumber(digits.replaceAll(',', ''))
  if (number.value === undefined) return number
  const unit = text.slice(digits.length).trim().toLowerCase()
  const unitBytes = BYTES_OF_UNIT.get(unit)
  if (unitBytes === undefined) return refused(`unhandled size name: ${unit}`)
  const bytes = Math.trunc(number.value * unitBytes)
  return bytes >= 2 ** 64 ? refused(`too large: ${text}`) : ok(bytes)
}
