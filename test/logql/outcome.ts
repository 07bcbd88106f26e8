import { type Expr } from '../../logql/ast.ts'
import { LogqlError } from '../../logql/error.ts'
import { parseExpr } from '../../logql/parse/parse.ts'

/** The tree of a query, or why it is refused. Any other error is thrown. */
export function outcome(query: string): Expr | LogqlError {
  try {
    return parseExpr(query)
  } catch (error) {
    if (error instanceof LogqlError) return error
    throw error
  }
}

/** The sentence with which a query is refused. */
export function refusal(query: string): string {
  const result = outcome(query)
  return result instanceof LogqlError ? result.message : 'no refusal'
}
