import { quote } from '../strings.ts'
import { type Cursor, expect, take } from './cursor.ts'
import { parseError } from './parse-error.ts'
import { placeOf } from './tokens.ts'

/** Whether a number comes, perhaps with its sign. */
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

/** What Go's `strconv.ParseFloat` takes of what looks like a number: none but decimal ones. */
const DECIMAL = /^(?:\d+(?:_\d+)*)?\.?(?:\d+(?:_\d+)*)?(?:[eE][+-]?\d+)?$/

/** A number without a sign: `1.5`, `.5`, `1e3`, `1_000`. Throws LogqlError (`parse`). */
export function takeUnsignedNumber(cursor: Cursor): number {
  const token = expect(cursor, 'NUMBER')
  const value = DECIMAL.test(token.text) ? Number(token.text.replaceAll('_', '')) : Number.NaN
  if (Number.isFinite(value)) return value
  const problem = Number.isNaN(value) ? 'invalid syntax' : 'value out of range'
  throw parseError(
    `unable to parse literal as a float: strconv.ParseFloat: parsing ${quote(token.text)}: ${problem}`,
    placeOf(cursor.query, token),
  )
}
