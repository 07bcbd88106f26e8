import { LogqlError, type Position } from '../error.ts'

/** A position in a query, and whether Loki's errors give line 0 for it. */
export type Place = Position & { isLineLost: boolean }

/**
 * A parse error in Loki's form, with the position if there is one. Where Loki gives line 0 the message gives it, too;
 * the error's `position` has the real line.
 */
export function parseError(problem: string, place?: Place): LogqlError {
  if (place === undefined) return new LogqlError('parse', `parse error : ${problem}`)
  const { line, column, isLineLost } = place
  const text = `parse error at line ${isLineLost ? 0 : line}, col ${column}: ${problem}`
  return new LogqlError('parse', text, { line, column })
}
