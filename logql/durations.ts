import { quote } from './strings.ts'

const NS_OF_GO_UNIT: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
])
const NS_OF_MODEL_UNIT: ReadonlyMap<string, bigint> = new Map([
  ['y', 31_536_000_000_000_000n],
  ['w', 604_800_000_000_000n],
  ['d', 86_400_000_000_000n],
  ['h', 3_600_000_000_000n],
  ['m', 60_000_000_000n],
  ['s', 1_000_000_000n],
  ['ms', 1_000_000n],
])
/** The largest duration that Go holds: 292 years. The smallest is one ns beyond its opposite. */
const MAX_NS = 2n ** 63n - 1n

/** A duration in ns, or why the text is none. */
export type ParsedDuration = { ns: bigint } | { problem: string }

/** A text in quotes as in the errors of Go's package `time`: characters outside ASCII are written as their bytes. */
const goQuote = (text: string): string =>
  `"${text.replace(/["\\]|[^ -\x7f]/gu, (character) =>
    character === '"' || character === '\\'
      ? `\\${character}`
      : Array.from(Buffer.from(character), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  )}"`

/**
 * A duration as Go's `time.ParseDuration` reads it, with its words when it is none: `1h2m3.5s`, `-250us`, `0`.
 * Pure.
 */
export function parseGoDuration(text: string): ParsedDuration {
  const invalid = { problem: `time: invalid duration ${goQuote(text)}` }
  const unsigned = text.replace(/^[+-]/, '')
  if (unsigned === '') return invalid
  if (unsigned === '0') return { ns: 0n }
  let ns = 0n
  let at = 0
  const part = /(\d*)(?:\.(\d*))?([^\d.]*)/y
  while (at < unsigned.length) {
    part.lastIndex = at
    const [whole = '', digits = '', fraction = '', unit = ''] = part.exec(unsigned) ?? []
    if (digits === '' && fraction === '') return invalid
    if (unit === '') return { problem: `time: missing unit in duration ${goQuote(text)}` }
    const unitNs = NS_OF_GO_UNIT.get(unit)
    if (unitNs === undefined)
      return { problem: `time: unknown unit ${goQuote(unit)} in duration ${goQuote(text)}` }
    // Go, too, calculates the fraction in floats, from as many digits as fit in an int64.
    const kept = fraction.slice(0, BigInt(fraction.slice(0, 18)) <= MAX_NS / 10n ? 19 : 18)
    const fractionNs = Math.trunc(Number(kept) * (Number(unitNs) / 10 ** kept.length))
    ns += BigInt(digits.slice(0, 20)) * unitNs + BigInt(fractionNs)
    if (digits.length > 20 || ns > MAX_NS + 1n) return invalid
    at += whole.length
  }
  if (text.startsWith('-')) return { ns: -ns }
  return ns > MAX_NS ? invalid : { ns }
}

/**
 * A duration as Prometheus writes it (`model.ParseDuration`): whole numbers, the larger units first, with
 * days (`d`), weeks (`w`) and years (`y`) of 365 days. Pure.
 */
export function parseModelDuration(text: string): ParsedDuration {
  if (text === '') return { problem: 'empty duration string' }
  if (text === '0') return { ns: 0n }
  const invalid = { problem: `not a valid duration string: ${quote(text)}` }
  const part = /(\d+)([^\d]*)/y
  let ns = 0n
  let lastUnitNs = MAX_NS
  let at = 0
  while (at < text.length) {
    part.lastIndex = at
    const [whole = '', digits = '', unit = ''] = part.exec(text) ?? []
    if (whole === '' || unit === '') return invalid
    const unitNs = NS_OF_MODEL_UNIT.get(unit)
    if (unitNs === undefined) return { problem: `unknown unit ${quote(unit)} in duration ${quote(text)}` }
    if (unitNs >= lastUnitNs) return invalid
    ns += BigInt(digits.slice(0, 20)) * unitNs
    if (digits.length > 20 || ns > MAX_NS) return { problem: 'duration out of range' }
    lastUnitNs = unitNs
    at += whole.length
  }
  return { ns }
}

/**
 * A duration of a range, an offset or a label filter: in Prometheus's or in Go's form; it may be negative. The problem of
 * a text in neither form is that of the first. Pure.
 */
export function parseLogqlDuration(text: string): ParsedDuration {
  const isNegative = text.startsWith('-')
  const model = parseModelDuration(isNegative ? text.slice(1) : text)
  if ('ns' in model) return { ns: isNegative ? -model.ns : model.ns }
  const go = parseGoDuration(text)
  return 'ns' in go ? go : model
}

/** A duration as Go's `time.Duration` writes itself: `1h0m0s`, `1.5s`, `250µs`, `0s`. Pure. */
export function formatGoDuration(ns: bigint): string {
  if (ns === 0n) return '0s'
  const sign = ns < 0n ? '-' : ''
  const size = ns < 0n ? -ns : ns
  if (size < 1_000n) return `${sign}${size}ns`
  if (size < 1_000_000n) return `${sign}${decimal(size, 3)}µs`
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 6)}ms`
  const minutes = size / 60_000_000_000n
  const seconds = `${decimal(size % 60_000_000_000n, 9)}s`
  if (minutes === 0n) return sign + seconds
  return minutes < 60n
    ? `${sign}${minutes}m${seconds}`
    : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`
}

/** `value / 10^digits` without zeros at the end. */
function decimal(value: bigint, digits: number): string {
  const scale = 10n ** BigInt(digits)
  const fraction = (value % scale).toString().padStart(digits, '0').replace(/0+$/, '')
  return fraction === '' ? `${value / scale}` : `${value / scale}.${fraction}`
}

/**
 * A duration as Prometheus's `model.Duration` writes itself: `1h15m`, `3d`, `0s`. Years and weeks only when they
 * leave no rest, as there; what is below a millisecond is lost. Pure.
 */
export function formatModelDuration(ns: bigint): string {
  let rest = ns / 1_000_000n
  if (rest === 0n) return '0s'
  let text = ''
  for (const [unit, unitNs] of NS_OF_MODEL_UNIT) {
    const unitMs = unitNs / 1_000_000n
    const count = rest / unitMs
    const isLeftOut = (unit === 'y' || unit === 'w') && rest % unitMs !== 0n
    if (count === 0n || isLeftOut) continue
    text += `${count}${unit}`
    rest -= count * unitMs
  }
  return text
}
