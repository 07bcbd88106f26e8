import { type Expr, type Matcher } from '../ast.ts'
import { compileMatcher } from '../matchers.ts'
import { parseError } from '../parse/parse-error.ts'

/**
 * Refuses a query with a selector whose matchers all match the empty value: it would select every stream. Throws
 * LogqlError (`parse`).
 */
export function checkSelectors(expr: Expr): void {
  for (const matchers of selectorsOf(expr)) checkSelector(matchers)
}

/** The matchers of every selector in a query, in their order. Pure. */
function selectorsOf(expr: Expr): (readonly Matcher[])[] {
  switch (expr.kind) {
    case 'log':
      return [expr.matchers]
    case 'range':
      return [expr.log.matchers]
    case 'binary':
      return [...selectorsOf(expr.left), ...selectorsOf(expr.right)]
    case 'vector_aggregation':
    case 'label_replace':
      return selectorsOf(expr.inner)
    case 'literal':
    case 'vector':
      return []
  }
}

function checkSelector(matchers: readonly Matcher[]): void {
  if (matchers.every((matcher) => compileMatcher(matcher)('')))
    throw parseError(
      'queries require at least one regexp or equality matcher that does not have an empty-compatible value. For instance, app=~".*" does not meet this requirement, but app=~".+" will',
    )
}
