import { durationQuote, quote } from './quote.ts'

// Numbers, durations and sizes as Go's `strconv`, `time` and the package `humanize` read them, with their words
// for what they refuse: those stand in `__error_details__`. Numbers and not bigints, since lines by the
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

const NS_OF_UNIT: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['µs', 1e3],
  ['μs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['h', 3600e9],
])
/** The longest duration that Go holds, 292 years; in a JavaScript number it is 2^63. */
const MAX_DURATION_NS = 2 ** 63
const PART = /(\d*)(?:\.(\d*))?([^\d.]*)/y

/** A duration in ns as Go's `time.ParseDuration` reads it: `1h2m3.5s`, `-250us`, `0`. */
export function parseDurationNs(text: string): Parsed {
  const invalid = (): Parsed => refused(`time: invalid duration ${durationQuote(text)}`)
  const isSigned = text.startsWith('-') || text.startsWith('+')
  const sign = text.startsWith('-') ? -1 : 1
  let at = isSigned ? 1 : 0
  if (at === text.length) return invalid()
  if (text.length === at + 1 && text.endsWith('0')) return ok(0)
  let ns = 0
  while (at < text.length) {
    PART.lastIndex = at
    const [whole = '', digits = '', fraction = '', unit = ''] = PART.exec(text) ?? []
    if (digits === '' && fraction === '') return invalid()
    if (unit === '') return refused(`time: missing unit in duration ${durationQuote(text)}`)
    const unitNs = NS_OF_UNIT.get(unit)
    if (unitNs === undefined)
      return refused(`time: unknown unit ${durationQuote(unit)} in duration ${durationQuote(text)}`)
    ns += Number(digits) * unitNs + (fraction === '' ? 0 : Math.trunc(Number(`0.${fraction}`) * unitNs))
    if (ns > MAX_DURATION_NS) return invalid()
    at += whole.length
  }
  return ok(sign * ns)
}

const BYTES_OF_UNIT: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ...['k', 'm', 'g', 't', 'p', 'e'].flatMap((letter, index): [string, number][] => {
    const decimal = 1000 ** (index + 1)
    const binary = 1024 ** (index + 1)
    return [
      [letter, decimal],
      [`${letter}b`, decimal],
      [`${letter}i`, binary],
      [`${letter}ib`, binary],
    ]
  }),
])
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
