import { type BinaryOperator } from './ast.ts'

/** The precedence of operators, as in PromQL. All are left-associative except `^`. */
export const PRECEDENCE: Readonly<Record<BinaryOperator, number>> = {
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

/** Whether a token is a binary operator. */
export const isOperator = (kind: string): kind is BinaryOperator => Object.hasOwn(PRECEDENCE, kind)

/** The lowest precedence that an operand on the left or on the right may have without parentheses. */
export const lowestOnLeft = (operator: BinaryOperator): number =>
  PRECEDENCE[operator] + (operator === '^' ? 1 : 0)
export const lowestOnRight = (operator: BinaryOperator): number =>
  PRECEDENCE[operator] + (operator === '^' ? 0 : 1)
