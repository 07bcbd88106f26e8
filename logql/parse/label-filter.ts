import { type ComparisonOperator, type LabelFilter, type MatchOperator } from '../ast.ts'
import { checkMatcher } from '../check/regexps.ts'
import { parseLogqlDuration } from '../durations.ts'
import { LogqlError } from '../error.ts'
import { parseBytes } from '../values.ts'
import { type Cursor, countNode, expect, take, takeIf, takeString, unexpected } from './cursor.ts'
import { isNumberNext, takeNumber } from './number.ts'

const COMPARISONS: readonly ComparisonOperator[] = ['==', '!=', '>', '>=', '<', '<=']

/**
 * Label filters joined by `and`, `or`, a comma, or nothing; the last two mean `and`. `and` binds tighter than `or`, as
 * in Loki (its documentation once said otherwise), and both are left-associative. A comma or nothing takes everything
 * after it as its right side. Throws LogqlError (`parse`).
 */
export function parseLabelFilter(cursor: Cursor): LabelFilter {
  let filter = parseConjunction(cursor)
  while (takeIf(cursor, 'or')) {
    countNode(cursor)
    filter = { kind: 'or', left: filter, right: parseConjunction(cursor) }
  }
  return filter
}

function parseConjunction(cursor: Cursor): LabelFilter {
  let filter = parseOperand(cursor)
  while (takeIf(cursor, 'and')) {
    countNode(cursor)
    filter = { kind: 'and', left: filter, right: parseOperand(cursor) }
  }
  return filter
}

function parseOperand(cursor: Cursor): LabelFilter {
  const filter = parseSimple(cursor)
  const isMore = takeIf(cursor, ',') || cursor.token.kind === 'IDENTIFIER' || cursor.token.kind === '('
  if (!isMore) return filter
  countNode(cursor)
  return { kind: 'and', left: filter, right: parseLabelFilter(cursor) }
}

function parseSimple(cursor: Cursor): LabelFilter {
  if (takeIf(cursor, '(')) {
    countNode(cursor)
    const filter = parseLabelFilter(cursor)
    expect(cursor, ')')
    return filter
  }
  if (cursor.token.kind !== 'IDENTIFIER') throw unexpected(cursor)
  const label = take(cursor).text
  if (label === 'distinct' && cursor.token.kind === 'IDENTIFIER')
    throw new LogqlError('unsupported', 'Loki 3 has no stage "distinct" any more')
  return parseComparison(cursor, label)
}

function parseComparison(cursor: Cursor, label: string): LabelFilter {
  const operator = cursor.token.kind
  if (operator === '=~' || operator === '!~') {
    take(cursor)
    return matchFilter(label, operator, takeString(cursor))
  }
  if (operator === '=' || operator === '!=') {
    take(cursor)
    if (takeIf(cursor, 'ip')) return { kind: 'ip', label, operator, range: takeParenthesized(cursor) }
    if (cursor.token.kind === 'STRING') return matchFilter(label, operator, takeString(cursor))
    return parseMeasure(cursor, label, operator === '=' ? '==' : operator, 'STRING', 'ip')
  }
  const comparison = COMPARISONS.find((each) => each === operator)
  if (comparison === undefined) throw unexpected(cursor)
  take(cursor)
  return parseMeasure(cursor, label, comparison)
}

function matchFilter(label: string, operator: MatchOperator, value: string): LabelFilter {
  const matcher = { name: label, operator, value }
  checkMatcher(matcher)
  return { kind: 'match', matcher }
}

/** The `("…")` after `ip`. Throws LogqlError (`parse`). */
export function takeParenthesized(cursor: Cursor): string {
  expect(cursor, '(')
  const text = takeString(cursor)
  expect(cursor, ')')
  return text
}

function parseMeasure(
  cursor: Cursor,
  label: string,
  operator: ComparisonOperator,
  ...alternatives: string[]
): LabelFilter {
  const { kind, text } = cursor.token
  if (kind === 'DURATION') {
    take(cursor)
    const duration = parseLogqlDuration(text)
    if ('problem' in duration) throw new LogqlError('parse', `parse error : ${duration.problem}`)
    return { kind: 'duration', label, operator, ns: Number(duration.ns), text }
  }
  if (kind === 'BYTES') {
    take(cursor)
    return { kind: 'bytes', label, operator, bytes: parseBytes(text).value ?? Number.NaN, text }
  }
  if (!isNumberNext(cursor)) throw unexpected(cursor, 'BYTES', 'NUMBER', ...alternatives, 'DURATION')
  return { kind: 'number', label, operator, value: takeNumber(cursor) }
}
