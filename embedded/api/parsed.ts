import { type Expr } from '../../logql/ast.ts'
import { LogqlError } from '../../logql/error.ts'
import { parseExpr } from '../../logql/parse/parse.ts'
import { Refusal } from '../refusal.ts'

/**
 * The query in that parameter. Throws LogqlError for what is wrong as written, and Refusal (400) for LogQL
 * that is left out: asking again does not help, which a 500 would promise.
 */
export function parsedQuery(parameters: URLSearchParams, name = 'query'): Expr {
  try {
    return parseExpr(parameters.get(name) ?? '')
  } catch (error) {
    if (error instanceof LogqlError && error.kind === 'unsupported') throw new Refusal(400, error.message)
    throw error
  }
}
