import { type Flags, NO_FLAGS } from './flags.ts'
import { checkLength } from './limits.ts'
import { isInteger, typeOf, type Value } from './value.ts'
import { valueText } from './value-text.ts'

/** Go takes no width and no precision that is larger. */
const MAX_WIDTH = 1_000_000

/** The position in the format and in the values. */
type State = {
  readonly format: string
  readonly values: readonly Value[]
  out: string
  flags: Flags
  at: number
  next: number
  /** An index such as `[3]` was just read. */
  afterIndex: boolean
  isIndexGood: boolean
  isReordered: boolean
}

/** `fmt.Sprintf`: what does not fit gives `%!d(string=a)`, `%!d(MISSING)` and the like, never an error. */
export function sprintf(format: string, values: readonly Value[]): string {
  const state: State = {
    format,
    values,
    out: '',
    flags: { ...NO_FLAGS },
    at: 0,
    next: 0,
    afterIndex: false,
    isIndexGood: true,
    isReordered: false,
  }
  while (state.at < format.length) {
    const percent = format.indexOf('%', state.at)
    const end = percent < 0 ? format.length : percent
    put(state, format.slice(state.at, end))
    state.at = end + 1
    if (percent >= 0) putVerb(state)
  }
  putExtra(state)
  return state.out
}

function put(state: State, text: string): void {
  checkLength(state.out.length + text.length)
  state.out += text
}

function putVerb(state: State): void {
  state.flags = { ...NO_FLAGS }
  state.isIndexGood = true
  state.afterIndex = false
  readFlags(state)
  readIndex(state)
  readWidth(state)
  readPrecision(state)
  if (!state.afterIndex) readIndex(state)
  const point = state.format.codePointAt(state.at)
  if (point === undefined) {
    put(state, '%!(NOVERB)')
    return
  }
  const verb = String.fromCodePoint(point)
  state.at += verb.length
  put(state, verbText(state, verb))
}

function verbText(state: State, verb: string): string {
  if (verb === '%') return '%'
  if (!state.isIndexGood) return `%!${verb}(BADINDEX)`
  const value = state.values[state.next]
  if (value === undefined) return `%!${verb}(MISSING)`
  state.next += 1
  if (verb === 'v') turnFlags(state.flags)
  return valueText(state.flags, value, verb)
}

/** In `%#v` and `%+v` the flags mean Go's syntax and the names of fields. */
function turnFlags(flags: Flags): void {
  flags.sharpV = flags.sharp
  flags.plusV = flags.plus
  flags.sharp = false
  flags.plus = false
}

const FLAGS: Readonly<Record<string, 'sharp' | 'zero' | 'plus' | 'minus' | 'space'>> = {
  '#': 'sharp',
  '0': 'zero',
  '+': 'plus',
  '-': 'minus',
  ' ': 'space',
}

function readFlags(state: State): void {
  for (;;) {
    const flag = FLAGS[state.format.charAt(state.at)]
    if (flag === undefined) return
    state.flags[flag] = true
    state.at += 1
  }
}

/** `[3]`: the value to use next, counted from 1. */
function readIndex(state: State): void {
  state.afterIndex = false
  if (state.format.charAt(state.at) !== '[') return
  state.isReordered = true
  const end = state.format.indexOf(']', state.at)
  const digits = end < 0 ? '' : state.format.slice(state.at + 1, end)
  const index = /^\d{1,7}$/.test(digits) ? Number(digits) : undefined
  state.at = end < 0 ? state.at + 1 : end + 1
  const isThere = index !== undefined && index >= 1 && index <= state.values.length
  if (isThere) state.next = index - 1
  else state.isIndexGood = false
  state.afterIndex = index !== undefined
}

/** A number in the format: its value, or undefined. One that is too large swallows the rest. */
function readNumber(state: State): number | undefined {
  const digits = /^\d*/.exec(state.format.slice(state.at, state.at + 8))?.[0] ?? ''
  if (digits === '') return undefined
  state.at += digits.length
  if (Number(digits) <= MAX_WIDTH) return Number(digits)
  state.at = state.format.length
  return undefined
}

/** The value that `*` takes. */
function numberFromValue(state: State): number | undefined {
  const value = state.values[state.next]
  if (value === undefined) return undefined
  state.next += 1
  const number = isInteger(value) ? Number(value.value) : Number.NaN
  return Math.abs(number) <= MAX_WIDTH ? number : undefined
}

function readWidth(state: State): void {
  const { flags } = state
  if (state.format.charAt(state.at) !== '*') {
    flags.width = readNumber(state)
    if (state.afterIndex && flags.width !== undefined) state.isIndexGood = false
    return
  }
  state.at += 1
  state.afterIndex = false
  const width = numberFromValue(state)
  if (width === undefined) {
    put(state, '%!(BADWIDTH)')
    return
  }
  flags.width = Math.abs(width)
  if (width < 0) {
    flags.minus = true
    flags.zero = false
  }
}

function readPrecision(state: State): void {
  const { flags, format } = state
  if (format.charAt(state.at) !== '.' || state.at + 1 >= format.length) return
  state.at += 1
  if (state.afterIndex) state.isIndexGood = false
  readIndex(state)
  if (format.charAt(state.at) !== '*') {
    flags.precision = readNumber(state) ?? 0
    return
  }
  state.at += 1
  state.afterIndex = false
  const precision = numberFromValue(state)
  if (precision === undefined || precision < 0) put(state, '%!(BADPREC)')
  else flags.precision = precision
}

/** Values that no verb used; Go does not report them after indexes. */
function putExtra(state: State): void {
  const { values, next, isReordered } = state
  if (isReordered || next >= values.length) return
  const texts = values
    .slice(next)
    .map((value) => (value === null ? '<nil>' : `${typeOf(value)}=${valueText(NO_FLAGS, value, 'v')}`))
  put(state, `%!(EXTRA ${texts.join(', ')})`)
}
