import { type Expr } from '../ast.ts'
import { checkSelectors } from '../check/selectors.ts'
import { cursorOf, unexpected } from './cursor.ts'
import { parseExpression } from './metric.ts'
import { parseError } from './parse-error.ts'

/** The longest query in bytes of UTF-8 that Loki reads (128 KiB). */
export const MAX_QUERY_BYTES = 131_072

/**
 * A LogQL query as a tree, or a LogqlError: `parse` with the place and the cause of what is wrong, `unsupported`
 * for what is left out. What only the data or the compiling of a stage shows (a template, the regular expression
 * of a line filter, a path into JSON) is not looked at here, as Loki does not.
 */
export function parseExpr(query: string): Expr {
  const bytes = Buffer.byteLength(query)
  if (bytes >= MAX_QUERY_BYTES) throw parseError(`input size too long (${bytes} > ${MAX_QUERY_BYTES})`)
  const cursor = cursorOf(query)
  const expr = parseExpression(cursor)
  if (cursor.token.kind !== '$end') throw unexpected(cursor)
  checkSelectors(expr)
  return expr
}
