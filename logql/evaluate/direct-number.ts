import { type RangeExpr } from '../ast.ts'
import { ERROR_LABEL } from '../stages/entry.ts'
import { pathTree } from '../stages/json-path.ts'

/**
 * Reads a number out of a line of a block, `text` from `start` to `end`, without making labels of it. NaN
 * where the line is not as plain as that: then the stages have to look at it.
 */
export type DirectNumber = { label: string; read: (text: string, start: number, end: number) => number }

/**
 * For `json label="key" | unwrap label`, with or without `__error__=""` after it, grouped by other labels: of
 * a line that has a plain number there, the stages would find this number and no error. Measured: a p95 over
 * 500,000 lines takes less than half of the time that it takes by labels. Undefined for all other queries.
 */
export function directNumber({ log, unwrap, grouping }: RangeExpr): DirectNumber | undefined {
  const [stage, ...others] = log.stages
  if (stage?.kind !== 'json' || others.length > 0 || stage.extractions.length !== 1) return undefined
  if (unwrap === undefined || unwrap.conversion !== undefined) return undefined
  const { label } = unwrap
  if (stage.extractions[0]?.label !== label) return undefined
  const onlyOfErrors = unwrap.filters.every(
    (filter) => filter.kind === 'match' && filter.matcher.name === ERROR_LABEL && isEmpty(filter.matcher),
  )
  if (!onlyOfErrors || grouping === undefined || grouping.without) return undefined
  if (grouping.labels.includes(label)) return undefined
  const { names, members, passing } = pathTree([stage.extractions[0].path])
  const [name] = names
  if (name === undefined || members[0]?.extractions.length !== 1) return undefined
  const quoted = `"${name}"`
  return { label, read: (text, start, end) => numberIn(text, start, end, passing, quoted) }
}

const isEmpty = ({ operator, value }: { operator: string; value: string }): boolean =>
  operator === '=' && value === ''

function numberIn(text: string, start: number, end: number, passing: RegExp, quoted: string): number {
  if (text.charCodeAt(start) !== 123) return Number.NaN
  passing.lastIndex = start + 1
  passing.test(text)
  const at = passing.lastIndex
  let colon = at - 1
  while (text.charCodeAt(colon) === 32) colon--
  if (at >= end || text.charCodeAt(colon) !== 58) return Number.NaN
  if (!text.startsWith(quoted, colon - quoted.length)) return Number.NaN
  return plainNumber(text, at, end)
}

/** Up to so many digits make an integer that a number holds exactly; divided by a power of ten it is rounded once. */
const MAX_DIGITS = 15
const POWERS = Array.from({ length: MAX_DIGITS + 1 }, (_, exponent) => 10 ** exponent)

/** The number at a place, `-12.5`, with what ends a member's value behind it; NaN for any other spelling. */
function plainNumber(text: string, from: number, end: number): number {
  const isNegative = text.charCodeAt(from) === 45
  let at = isNegative ? from + 1 : from
  let whole = 0
  let digits = 0
  let point = -1
  for (; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code >= 48 && code <= 57) {
      whole = whole * 10 + (code - 48)
      digits++
    } else if (code === 46 && point < 0 && digits > 0) point = digits
    else break
  }
  const next = text.charCodeAt(at)
  const isWhole = at < end && (next === 44 || next === 125)
  if (!isWhole || digits === 0 || digits > MAX_DIGITS || point === digits) return Number.NaN
  const value = point < 0 ? whole : whole / (POWERS[digits - point] ?? Number.NaN)
  return isNegative ? -value : value
}
