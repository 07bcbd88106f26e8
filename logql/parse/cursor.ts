import { type LogqlError } from '../error.ts'
import { unquote } from '../strings.ts'
import { parseError } from './parse-error.ts'
import { placeOf, readToken, type Token } from './tokens.ts'

/** Where the parser stands in a query: `token` is the one that comes next. */
export type Cursor = {
  readonly query: string
  token: Token
  /** How many stages, operators, functions and parentheses have been read. */
  nodes: number
}

/**
 * The most stages, operators, functions, and parentheses in one query. They bound how deep a tree can be, and so the
 * recursion of all that walk it, and how much is done with one line. Ours: Loki bounds only the length of queries.
 */
const MAX_NODES = 500

/** A cursor before the first token. Throws LogqlError (`parse`). */
export const cursorOf = (query: string): Cursor => ({ query, token: readToken(query, 0), nodes: 0 })

/** Counts one more stage, operator, function or parenthesis. Throws LogqlError (`parse`) when there are too many. */
export function countNode(cursor: Cursor): void {
  cursor.nodes += 1
  if (cursor.nodes > MAX_NODES)
    throw parseError(
      `the query has more than ${MAX_NODES} stages, operators, functions and parentheses`,
      placeOf(cursor.query, cursor.token),
    )
}

/** The next token, which is passed. Throws LogqlError (`parse`) when no token can be read after it. */
export function take(cursor: Cursor): Token {
  const { token } = cursor
  cursor.token = readToken(cursor.query, token.end)
  return token
}

/** Passes the next token if it is of this kind. Answers whether it was. */
export function takeIf(cursor: Cursor, kind: string): boolean {
  if (cursor.token.kind !== kind) return false
  take(cursor)
  return true
}

/** Loki calls an identifier what begins no token. */
const UNKNOWN_NAME = 'IDENTIFIER'

/** The refusal of the next token, with what could stand in its place (nothing when that is much). */
export function unexpected(cursor: Cursor, ...expected: string[]): LogqlError {
  const kind = cursor.token.kind === 'UNKNOWN' ? UNKNOWN_NAME : cursor.token.kind
  const instead = expected.length === 0 ? '' : `, expecting ${expected.join(' or ')}`
  const problem = `syntax error: unexpected ${kind}${instead}`
  // An empty query has no place, in Loki neither.
  return cursor.query === '' ? parseError(problem) : parseError(problem, placeOf(cursor.query, cursor.token))
}

/**
 * Passes a token of this kind. Throws LogqlError (`parse`) if it is another; `expected` is what could stand
 * there, when it is more than this kind.
 */
export function expect(cursor: Cursor, kind: string, ...expected: string[]): Token {
  if (cursor.token.kind !== kind) throw unexpected(cursor, ...(expected.length === 0 ? [kind] : expected))
  return take(cursor)
}

/** Passes a string and answers its text. Throws LogqlError (`parse`). */
export function takeString(cursor: Cursor, ...expected: string[]): string {
  const token = expect(cursor, 'STRING', ...expected)
  const text = unquote(token.text)
  if (text === undefined)
    throw parseError(`invalid syntax of the string ${token.text}`, placeOf(cursor.query, token))
  return text
}

/** Items between commas, at least one. Throws LogqlError (`parse`). */
export function takeList<Item>(cursor: Cursor, takeItem: (cursor: Cursor) => Item): Item[] {
  const items = [takeItem(cursor)]
  while (takeIf(cursor, ',')) items.push(takeItem(cursor))
  return items
}

/** `(a, b)`, perhaps empty: names of labels. Throws LogqlError (`parse`). */
export function takeLabels(cursor: Cursor): string[] {
  expect(cursor, '(')
  if (takeIf(cursor, ')')) return []
  const labels = takeList(cursor, (at) => expect(at, 'IDENTIFIER').text)
  expect(cursor, ')', ',', ')')
  return labels
}
