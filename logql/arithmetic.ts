import { type BinaryOperator, type ComparisonOperator } from './ast.ts'

/** The operators that compare. */
export const isComparison = (operator: BinaryOperator): operator is ComparisonOperator =>
  ['==', '!=', '>', '>=', '<', '<='].includes(operator)

/**
 * An operation on two literals. A comparison is 1 or 0; whatever is divided by zero is NaN, as recorded of Loki.
 * Sets have no value here: NaN. Pure.
 */
export function calculate(operator: BinaryOperator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return right === 0 ? Number.NaN : left / right
    case '%':
      return right === 0 ? Number.NaN : left % right
    case '^':
      return left ** right
    case '==':
      return Number(left === right)
    case '!=':
      return Number(left !== right)
    case '>':
      return Number(left > right)
    case '>=':
      return Number(left >= right)
    case '<':
      return Number(left < right)
    case '<=':
      return Number(left <= right)
    default:
      return Number.NaN
  }
}
