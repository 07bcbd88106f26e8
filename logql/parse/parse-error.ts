import { LogqlError, type Position } from '../error.ts'

/** Where something stands in a query, and whether Loki's errors say line 0 there. */
export type Place = Position & { isLineLost: boolean }

/**
 * A refusal of a query in the form of Loki's, with the place when there is one. Where Loki has lost the line
 * the text says line 0, too, but not the error's `position`.
 */
export function parseError(problem: string, place?: Place): LogqlError {
  if (place === undefined) return new LogqlError('parse', `parse error : ${problem}`)
  const { line, column, isLineLost } = place
  const text = `parse error at line ${isLineLost ? 0 : line}, col ${column}: ${problem}`
  return new LogqlError('parse', text, { line, column })
}
