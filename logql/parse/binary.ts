import { calculate, isComparison } from '../arithmetic.ts'
import { type BinaryOperator, type Expr, type Matching } from '../ast.ts'
import { metricOperands } from '../check.ts'
import { type Cursor, countNode, take, takeIf, takeLabels } from './cursor.ts'

/** How tight an operator binds, as in PromQL. All group to the left but `^`. */
const PRECEDENCE: Readonly<Record<BinaryOperator, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '>': 3,
  '>=': 3,
  '<': 3,
  '<=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  '^': 6,
}
const isOperator = (kind: string): kind is BinaryOperator => Object.hasOwn(PRECEDENCE, kind)

/**
 * Operands, read by `parseOperand`, and the operators between them that bind at least as tight as `lowest`. An
 * operation on two literals is calculated at once, as Loki does. Throws LogqlError (`parse`).
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
    const lowestRight = operator === '^' ? PRECEDENCE[operator] : PRECEDENCE[operator] + 1
    const operands = metricOperands(operator, left, parseBinary(cursor, parseOperand, lowestRight))
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
