import { type BinaryOperator, type ComparisonOperator, type SET_OPERATIONS } from '../ast.ts'
import { COMPARISONS } from '../comparisons.ts'

export type SetOperator = (typeof SET_OPERATIONS)[number]

export const isSetOperator = (operator: BinaryOperator): operator is SetOperator =>
  operator === 'and' || operator === 'or' || operator === 'unless'

/** Powers as Go's `math.Pow` has them, which is not NaN for 1 to any power and for −1 to an infinite one. */
const power = (base: number, exponent: number): number =>
  base === 1 || (base === -1 && Math.abs(exponent) === Number.POSITIVE_INFINITY) ? 1 : base ** exponent

/** An operator on two numbers; a comparison gives 1 or 0. As in Loki, a division by 0 gives NaN. */
export function calculate(operator: BinaryOperator, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return b === 0 ? Number.NaN : a / b
    case '%':
      return a % b
    case '^':
      return power(a, b)
    case 'and':
    case 'or':
    case 'unless':
      throw new TypeError(`${operator} is not between numbers`)
    default:
      return Number(COMPARISONS[operator](a, b))
  }
}

/** Whether the operator compares: without `bool` it then filters. */
export const isComparison = (operator: BinaryOperator): operator is ComparisonOperator =>
  Object.hasOwn(COMPARISONS, operator)
