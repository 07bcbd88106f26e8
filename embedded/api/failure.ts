import { LogqlError, type LogqlErrorKind } from '../../logql/error.ts'
import { VigieError } from '../../service/errors.ts'
import { type Logger } from '../../service/log.ts'
import { Refusal } from '../refusal.ts'
import { bareAnswer, type TextAnswer } from './answer.ts'

/** As Loki answers; 500 also where series do not match one to one, which is the query's fault. */
const LOGQL_STATUS: Readonly<Record<LogqlErrorKind, number>> = {
  parse: 400,
  limit: 400,
  pipeline: 400,
  execution: 500,
  unsupported: 500,
}

/**
 * The answer to a request that failed, without the end of a line: the words of those who refused it, and no more than that it failed
 * where it is a defect, which goes to the log with its stack.
 */
export function failureAnswer(error: unknown, log: Logger, path: string): TextAnswer {
  if (error instanceof Refusal) return bareAnswer(error.status, error.message)
  if (error instanceof LogqlError) return bareAnswer(LOGQL_STATUS[error.kind], error.message)
  if (error instanceof VigieError) {
    log.error('a request failed', { path, code: error.code, error: error.message })
    return bareAnswer(500, error.message)
  }
  log.error('a request failed: this is a defect', {
    path,
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  })
  return bareAnswer(500, 'internal error: the log of the store says more')
}
