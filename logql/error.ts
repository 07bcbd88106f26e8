/** A place in a query: lines and columns count from 1, columns in characters. */
export type Position = { line: number; column: number }

/**
 * Why a query is refused: `parse` is wrong as written (with its position, where it has one), `unsupported` is
 * LogQL that is left out on purpose, `limit` asks for too much, `pipeline` met an entry that it cannot turn
 * into a sample, `execution` is anything else that only the data shows.
 */
export type LogqlErrorKind = 'parse' | 'unsupported' | 'limit' | 'pipeline' | 'execution'

/** The one class of errors that `logql/` throws on purpose: its message is a sentence for the user. */
export class LogqlError extends Error {
  readonly kind: LogqlErrorKind
  readonly position: Position | undefined
  constructor(kind: LogqlErrorKind, message: string, position?: Position) {
    super(message)
    this.name = 'LogqlError'
    this.kind = kind
    this.position = position
  }
}
