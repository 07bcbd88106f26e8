import { LogqlError, type Position } from '../error.ts'

/** A refusal of a query in the form of Loki's, with the place when there is one. */
export const parseError = (problem: string, position?: Position): LogqlError =>
  position === undefined
    ? new LogqlError('parse', `parse error : ${problem}`)
    : new LogqlError(
        'parse',
        `parse error at line ${position.line}, col ${position.column}: ${problem}`,
        position,
      )
