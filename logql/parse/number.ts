import { parseNumber } from '../values.ts'
import { type Cursor, expect, take } from './cursor.ts'
import { parseError } from './parse-error.ts'
import { placeOf } from './tokens.ts'

/** Whether the next token begins a number, with or without a sign. */
export const isNumberNext = ({ token: { kind } }: Cursor): boolean =>
  kind === 'NUMBER' || kind === '+' || kind === '-'

/** A number with at most one sign. Throws LogqlError (`parse`). */
export function takeNumber(cursor: Cursor): number {
  const sign = cursor.token.kind
  if (sign !== '+' && sign !== '-') return takeUnsignedNumber(cursor)
  take(cursor)
  const value = takeUnsignedNumber(cursor)
  return sign === '-' ? -value : value
}

/** A number without a sign: `1.5`, `.5`, `1e3`, `1_000`. Throws LogqlError (`parse`). */
export function takeUnsignedNumber(cursor: Cursor): number {
  const token = expect(cursor, 'NUMBER')
  const { value, problem } = parseNumber(token.text)
  if (problem === undefined) return value
  throw parseError(`unable to parse literal as a float: ${problem}`, placeOf(cursor.query, token))
}
