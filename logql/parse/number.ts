import { type Cursor, expect, take } from './cursor.ts'

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

/** A number without a sign: `1.5`, `.5`, `1e3`, `0x1F`, `1_000`. Throws LogqlError (`parse`). */
export const takeUnsignedNumber = (cursor: Cursor): number =>
  Number(expect(cursor, 'NUMBER').text.replaceAll('_', ''))
