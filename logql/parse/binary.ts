import { type Expr, type Matching } from '../ast.ts'
import { metricOperands } from '../check/metric.ts'
import { calculate, isComparison } from '../evaluate/arithmetic.ts'
import { isOperator, lowestOnRight, PRECEDENCE } from '../precedence.ts'
import { type Cursor, countNode, take, takeIf, takeLabels } from './cursor.ts'

/**
 * Operands, which `parseOperand` reads, joined by operators of at least the precedence `lowest`. An operation on two
 * literals is calculated at once, as in Loki. Throws LogqlError (`parse`).
 */
export function parseBinary(cursor: Cursor, parseOperand: (cursor: Cursor) => Expr, lowest = 1): Expr {
  let left = parseOperand(cursor)
  for (;;) {
    const operator = cursor.token.kind
    if (!isOperator(operator) || PRECEDENCE[operator] < lowest) return left
    countNode(cursor)
    take(cursor)
    const isBool = takeIf(cursor, 'bool')
    const matching = parseMatching(cursor)
    const right = parseBinary(cursor, parseOperand, lowestOnRight(operator))
    const operands = metricOperands(operator, left, right)
    left =
      operands.left.kind === 'literal' && operands.right.kind === 'literal'
        ? { kind: 'literal', value: calculate(operator, operands.left.value, operands.right.value) }
        : { kind: 'binary', operator, ...operands, bool: isBool && isComparison(operator), matching }
  }
}

/** `on (…)` or `ignoring (…)` and a group; `ignoring ()` alone means the same as nothing. */
function parseMatching(cursor: Cursor): Matching | undefined {
  const on = cursor.token.kind === 'on'
  if (!on && cursor.token.kind !== 'ignoring') return undefined
  take(cursor)
  const labels = takeLabels(cursor)
  const side = cursor.token.kind
  if (side !== 'group_left' && side !== 'group_right')
    return on || labels.length > 0 ? { on, labels, group: undefined, include: [] } : undefined
  take(cursor)
  const include = cursor.token.kind === '(' ? takeLabels(cursor) : []
  return { on, labels, group: side === 'group_left' ? 'left' : 'right', include }
}
