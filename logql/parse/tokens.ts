import { parseLogqlDuration } from '../durations.ts'
import { parseBytes } from '../values.ts'
import { type Place, parseError } from './parse-error.ts'

/**
 * A token of a query. `kind` is its name in Loki's errors: a keyword or sign as it is written, a function in capitals
 * (`COUNT_OVER_TIME`), or a class of tokens (`STRING`, `$end`).
 */
export type Token = { kind: string; text: string; start: number; end: number }

const KEYWORDS: ReadonlySet<string> = new Set([
  ...['json', 'logfmt', 'regexp', 'pattern', 'unpack', 'unwrap', 'line_format', 'label_format'],
  ...['decolorize', 'drop', 'keep', 'offset', 'by', 'without', 'on', 'ignoring', 'group_left', 'group_right'],
  ...['bool', 'and', 'or', 'unless'],
])

/** Names that are functions only before a parenthesis or a grouping; elsewhere they are label names. */
const FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ...[
    ...['count_over_time', 'rate', 'rate_counter', 'bytes_over_time', 'bytes_rate', 'avg_over_time'],
    ...['sum_over_time', 'min_over_time', 'max_over_time', 'stdvar_over_time', 'stddev_over_time'],
    ...['quantile_over_time', 'first_over_time', 'last_over_time', 'absent_over_time'],
    ...['sum', 'avg', 'min', 'max', 'count', 'stddev', 'stdvar', 'topk', 'bottomk', 'sort', 'sort_desc'],
    ...['approx_topk', 'label_replace', 'vector', 'variants'],
  ].map((name): [string, string] => [name, name.toUpperCase()]),
  ['ip', 'ip'],
  ['bytes', 'BYTES_CONV'],
  ['duration', 'DURATION_CONV'],
  ['duration_seconds', 'DURATION_SECONDS_CONV'],
])

const SKIPPED = /(?:[ \t\r\n]+|#[^\n]*)*/y
const IDENTIFIER = /[\p{L}_][\p{L}\p{Nd}_]*/uy
const NUMBER =
  /0[xX][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][+-]?\d[\d_]*)?|0[bBoO][\d_]*|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?/y
const UNIT = /\p{L}[\p{L}\d.]*/uy
/** Of the letters of a size, Loki reads only these; E and P would begin an exponent. */
const SIZE_UNIT = /^(?:[kKMGT]i?B?|B)$/
const STRING = /"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`/y
const CHARACTER = /'(?:[^'\\\n]|\\[^\n])*'/y
const RANGE = /\[([^\]]*)\]/y
const FLAG = /--(?:strict|keep-empty)(?![\w-])/y
const SIGN = /[|!]>|=~|!~|\|=|\|~|!=|==|>=|<=|[{}(),=|><+\-*/%^]/y
const FUNCTION_FOLLOWS = /\(|(?:by|without)\b/iy

const matchAt = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

/** The offset after white space and comments. */
const skipBlanks = (query: string, offset: number): number =>
  offset + (matchAt(SKIPPED, query, offset)?.length ?? 0)

/**
 * The token at or after an offset; at the end of the query one of kind `$end`. Throws LogqlError (`parse`) for
 * what cannot begin or end a token.
 */
export function readToken(query: string, offset: number): Token {
  const start = skipBlanks(query, offset)
  const token = (kind: string, text: string): Token => ({ kind, text, start, end: start + text.length })
  if (start >= query.length) return { kind: '$end', text: '', start, end: start }
  const name = matchAt(IDENTIFIER, query, start)
  if (name !== undefined) return token(kindOfName(name, query, start + name.length), name)
  const sign = query[start]
  if (sign === '"' || sign === '`') {
    const text = matchAt(STRING, query, start)
    if (text === undefined)
      throw parseError('literal not terminated', placeOf(query, { kind: 'STRING', start }))
    return token('STRING', text)
  }
  if (sign === '[') return rangeToken(query, start)
  const flag = matchAt(FLAG, query, start)
  if (flag !== undefined) return token('PARSER_FLAG', flag)
  const number = numberToken(query, start)
  if (number !== undefined) return number
  const text = matchAt(SIGN, query, start)
  if (text !== undefined) return token(text, text)
  // No grammar rule uses any other text; a character in quotes is one token.
  return token(
    'UNKNOWN',
    matchAt(CHARACTER, query, start) ?? String.fromCodePoint(query.codePointAt(start) ?? 0),
  )
}

/** A number, or, with a unit, a duration (which may be negative) or a size. */
function numberToken(query: string, start: number): Token | undefined {
  const sign = query[start] === '-' ? '-' : ''
  const number = matchAt(NUMBER, query, start + sign.length)
  if (number === undefined) return undefined
  const unit = matchAt(UNIT, query, start + sign.length + number.length)
  const token = (kind: string, text: string): Token => ({ kind, text, start, end: start + text.length })
  if (unit !== undefined) {
    const measure = sign + number + unit
    if ('ns' in parseLogqlDuration(measure)) return token('DURATION', measure)
    if (SIZE_UNIT.test(unit) && parseBytes(measure).value !== undefined) return token('BYTES', measure)
  }
  return sign === '' ? token('NUMBER', number) : undefined
}

function kindOfName(name: string, query: string, end: number): string {
  const lower = name.toLowerCase()
  if (KEYWORDS.has(lower)) return lower
  const functionKind = FUNCTIONS.get(lower)
  if (functionKind === undefined) return 'IDENTIFIER'
  return matchAt(FUNCTION_FOLLOWS, query, skipBlanks(query, end)) === undefined ? 'IDENTIFIER' : functionKind
}

function rangeToken(query: string, start: number): Token {
  const text = matchAt(RANGE, query, start)
  const place = placeOf(query, { kind: 'RANGE', start })
  if (text === undefined) throw parseError("missing closing ']' in duration", place)
  const duration = parseLogqlDuration(text.slice(1, -1).trim())
  if ('problem' in duration) throw parseError(duration.problem, place)
  return { kind: 'RANGE', text, start, end: start + text.length }
}

/** In errors at these tokens Loki gives line 0, as recorded for ranges. */
const KINDS_WITHOUT_LINE: ReadonlySet<string> = new Set(['RANGE', 'DURATION', 'BYTES', 'PARSER_FLAG'])

/** The position of a token in a query. Pure. */
export function placeOf(query: string, { kind, start }: Pick<Token, 'kind' | 'start'>): Place {
  const before = query.slice(0, start)
  const lineStart = before.lastIndexOf('\n') + 1
  return {
    line: before.split('\n').length,
    column: [...before.slice(lineStart)].length + 1,
    isLineLost: KINDS_WITHOUT_LINE.has(kind),
  }
}
