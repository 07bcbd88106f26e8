import {
  type BinaryExpr,
  type Expr,
  type LabelReplaceExpr,
  type LogExpr,
  type MetricExpr,
  type RangeExpr,
  type VectorExpr,
} from './ast.ts'
import { oneLine } from './format/one-line.ts'
import { formatOperator, formatRange, rangeTail, vectorHead } from './format/parts.ts'
import { formatSelector, formatStage, formatUnwrap } from './format/stages.ts'
import { formatPlainNumber } from './numbers.ts'
import { lowestOnLeft, lowestOnRight, PRECEDENCE } from './precedence.ts'
import { quote } from './strings.ts'

/** The longest query in bytes that Loki leaves on one line. Found from recorded answers. */
const MAX_LINE_BYTES = 100

/**
 * A query in Loki's own spelling, that of its `format_query`: on one line if it is short, else its parts on lines
 * of their own, indented. As Loki does, it writes sizes with two digits at most and `vector` with six digits
 * after the point, so that these can come out different from what was meant. Pure.
 */
export const formatExpr = (expr: Expr): string => broken(expr, 0)

const indent = (level: number): string => '  '.repeat(level)

function broken(expr: Expr, level: number): string {
  const line = oneLine(expr)
  if (Buffer.byteLength(line) <= MAX_LINE_BYTES) return indent(level) + line
  switch (expr.kind) {
    case 'log':
      return brokenLog(expr, level)
    case 'range':
      return brokenRange(expr, level)
    case 'vector_aggregation':
      return brokenVector(expr, level)
    case 'binary':
      return brokenBinary(expr, level)
    case 'label_replace':
      return brokenLabelReplace(expr, level)
    case 'literal':
    case 'vector':
      return indent(level) + line
  }
}

const brokenLog = ({ matchers, stages }: LogExpr, level: number): string =>
  [
    indent(level) + formatSelector(matchers),
    ...stages.map((stage) => indent(level + 1) + formatStage(stage)),
  ].join('\n')

/** A head with its arguments in parentheses, each argument on its own lines. */
const brokenCall = (head: string, lines: readonly string[], tail: string, level: number): string =>
  `${indent(level)}${head}(\n${lines.join(',\n')}\n${indent(level)})${tail}`

function brokenRange(expr: RangeExpr, level: number): string {
  const unwrap = expr.unwrap === undefined ? [] : formatUnwrap(expr.unwrap)
  const lines = [broken(expr.log, level + 1), ...unwrap.map((stage) => indent(level + 2) + stage)]
  const parameter =
    expr.parameter === undefined ? [] : [indent(level + 1) + formatPlainNumber(expr.parameter)]
  const range = `${lines.join('\n')} ${formatRange(expr)}`
  return brokenCall(expr.operation, [...parameter, range], rangeTail(expr), level)
}

function brokenVector(expr: VectorExpr, level: number): string {
  const parameter = expr.parameter === undefined ? [] : [`${indent(level + 1)}${expr.parameter}`]
  return brokenCall(vectorHead(expr), [...parameter, broken(expr.inner, level + 1)], '', level)
}

function brokenBinary(expr: BinaryExpr, level: number): string {
  const left = brokenOperand(expr.left, lowestOnLeft(expr.operator), level + 1)
  const right = brokenOperand(expr.right, lowestOnRight(expr.operator), level + 1)
  return [left, indent(level) + formatOperator(expr, right), right].join('\n')
}

/** An operation on several lines has parentheses only if the query would mean something else without them. */
function brokenOperand(expr: MetricExpr, lowest: number, level: number): string {
  const isBroken = expr.kind === 'binary' && Buffer.byteLength(oneLine(expr)) > MAX_LINE_BYTES
  return isBroken && PRECEDENCE[expr.operator] < lowest
    ? brokenCall('', [broken(expr, level + 1)], '', level)
    : broken(expr, level)
}

function brokenLabelReplace(expr: LabelReplaceExpr, level: number): string {
  const texts = [expr.target, expr.replacement, expr.source, expr.pattern].map((text) => quote(text))
  const lines = [broken(expr.inner, level + 1), ...texts.map((text) => indent(level + 1) + text)]
  return brokenCall('label_replace', lines, '', level)
}
