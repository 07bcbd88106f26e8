import { parseGoDuration } from '../durations.ts'
import { BYTES_OF_UNIT } from '../sizes.ts'
import { quote } from '../strings.ts'

// Numbers, durations and sizes as Go's `strconv`, `time` and the package `humanize` read them, with their
// words for what they refuse: those stand in `__error_details__`. Numbers and not bigints, since lines by the
// hundred thousand are read and compared.

/** What a text means, or why it means nothing. */
export type Parsed = { value: number; problem: undefined } | { value: undefined; problem: string }

const ok = (value: number): Parsed => ({ value, problem: undefined })
const refused = (problem: string): Parsed => ({ value: undefined, problem })

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/
const INFINITE = /^([+-]?)inf(?:inity)?$/i
const HEXADECIMAL = /^([+-]?)0[xX](?=[0-9a-fA-F.])([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?\d+)$/

/** A number as Go's `strconv.ParseFloat` reads it. */
export function parseNumber(text: string): Parsed {
  const value = numberOf(text)
  if (value === undefined) return refused(`strconv.ParseFloat: parsing ${quote(text)}: invalid syntax`)
  if (!Number.isFinite(value) && DECIMAL.test(text))
    return refused(`strconv.ParseFloat: parsing ${quote(text)}: value out of range`)
  return ok(value)
}

function numberOf(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text)
  const infinite = INFINITE.exec(text)
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity
  if (/^nan$/i.test(text)) return Number.NaN
  const hexadecimal = HEXADECIMAL.exec(text)
  if (hexadecimal === null) return undefined
  const [, sign, whole = '', fraction = '', exponent] = hexadecimal
  if (whole + fraction === '') return undefined
  const mantissa = Number(`0x${whole}${fraction}`)
  const value = mantissa * 2 ** (Number(exponent) - 4 * fraction.length)
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
