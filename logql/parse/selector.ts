import { type Matcher, type MatchOperator } from '../ast.ts'
import { checkMatcher } from '../check/regexps.ts'
import { type Cursor, expect, take, takeIf, takeList, takeString, unexpected } from './cursor.ts'

const MATCH_OPERATORS: readonly MatchOperator[] = ['=', '!=', '=~', '!~']

/** The operator of a matcher, if the next token is one. */
export const matchOperator = ({ token }: Cursor): MatchOperator | undefined =>
  MATCH_OPERATORS.find((operator) => operator === token.kind)

/** `{name="value", …}` or `{}`. Throws LogqlError (`parse`). */
export function parseSelector(cursor: Cursor): Matcher[] {
  expect(cursor, '{')
  if (takeIf(cursor, '}')) return []
  const matchers = takeList(cursor, parseMatcher)
  expect(cursor, '}', '}', ',')
  return matchers
}

function parseMatcher(cursor: Cursor): Matcher {
  const name = expect(cursor, 'IDENTIFIER').text
  const operator = matchOperator(cursor)
  if (operator === undefined) throw unexpected(cursor, '=', '=~', '!~', '!=')
  take(cursor)
  const matcher = { name, operator, value: takeString(cursor) }
  checkMatcher(matcher)
  return matcher
}
