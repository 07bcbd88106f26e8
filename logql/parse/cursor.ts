import { type LogqlError } from '../error.ts'
import { unquote } from '../strings.ts'
import { parseError } from './parse-error.ts'
import { placeOf, readToken, type Token } from './tokens.ts'

/** The parser's position in a query: `token` is the next token. */
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

/** Consumes the next token and returns it. Throws LogqlError (`parse`) when the text after it is no token. */
export function take(cursor: Cursor): Token {
  const { token } = cursor
  cursor.token = readToken(cursor.query, token.end)
  return token
}

/** Consumes the next token if it is of this kind. Returns whether it was. */
export function takeIf(cursor: Cursor, kind: string): boolean {
  if (cursor.token.kind !== kind) return false
  take(cursor)
  return true
}

/** Loki's errors say IDENTIFIER for text that begins no token. */
const UNKNOWN_NAME = 'IDENTIFIER'

/** The error for an unexpected next token; `expected` lists what is allowed instead, and is empty when that is a lot. */
export function unexpected(cursor: Cursor, ...expected: string[]): LogqlError {
  const kind = cursor.token.kind === 'UNKNOWN' ? UNKNOWN_NAME : cursor.token.kind
  const instead = expected.length === 0 ? '' : `, expecting ${expected.join(' or ')}`
  const problem = `syntax error: unexpected ${kind}${instead}`
  // Loki gives no position for an empty query either.
  return cursor.query === '' ? parseError(problem) : parseError(problem, placeOf(cursor.query, cursor.token))
}

/**
 * Consumes a token of this kind. Throws LogqlError (`parse`) if the next token is of another kind; `expected` lists the
 * allowed kinds when there are others than this one.
 */
export function expect(cursor: Cursor, kind: string, ...expected: string[]): Token {
  if (cursor.token.kind !== kind) throw unexpected(cursor, ...(expected.length === 0 ? [kind] : expected))
  return take(cursor)
}

/** Consumes a string and returns its text. Throws LogqlError (`parse`). */
export function takeString(cursor: Cursor, ...expected: string[]): string {
  const token = expect(cursor, 'STRING', ...expected)
  const text = unquote(token.text)
  if (text === undefined)
    throw parseError(`invalid syntax of the string ${token.text}`, placeOf(cursor.query, token))
  return text
}

/** One or more items, separated by commas. Throws LogqlError (`parse`). */
export function takeList<Item>(cursor: Cursor, takeItem: (cursor: Cursor) => Item): Item[] {
  const items = [takeItem(cursor)]
  while (takeIf(cursor, ',')) items.push(takeItem(cursor))
  return items
}

/** The label names in `(a, b)` or `()`. Throws LogqlError (`parse`). */
export function takeLabels(cursor: Cursor): string[] {
  expect(cursor, '(')
  if (takeIf(cursor, ')')) return []
  const labels = takeList(cursor, (at) => expect(at, 'IDENTIFIER').text)
  expect(cursor, ')', ',', ')')
  return labels
}
