import {
  type BinaryOperator,
  type Expr,
  type Grouping,
  type MetricExpr,
  type RangeOperation,
  SET_OPERATIONS,
  type Unwrap,
  type VectorOperation,
} from '../ast.ts'
import { parseError } from '../parse/parse-error.ts'

const UNWRAP_ONLY: ReadonlySet<RangeOperation> = new Set([
  'rate_counter',
  'avg_over_time',
  'sum_over_time',
  'min_over_time',
  'max_over_time',
  'stdvar_over_time',
  'stddev_over_time',
  'quantile_over_time',
  'first_over_time',
  'last_over_time',
])
const LINES_ONLY: ReadonlySet<RangeOperation> = new Set(['count_over_time', 'bytes_over_time', 'bytes_rate'])
/** Those of an unwrapped number that may be grouped: not the two that add up (LogQL, "Unwrapped range aggregations"). */
const GROUPED: ReadonlySet<RangeOperation> = new Set(
  [...UNWRAP_ONLY].filter((operation) => operation !== 'rate_counter' && operation !== 'sum_over_time'),
)

/** Refuses a range aggregation with a parameter, an unwrap or a grouping that it must not have, or without one that it needs. Throws LogqlError (`parse`). */
export function checkRange(
  operation: RangeOperation,
  parameter: number | undefined,
  unwrap: Unwrap | undefined,
  grouping: Grouping | undefined,
): void {
  if (operation === 'quantile_over_time' && parameter === undefined)
    throw parseError('parameter required for operation quantile_over_time')
  if (operation !== 'quantile_over_time' && parameter !== undefined)
    throw parseError(`parameter ${parameter} not supported for operation ${operation}`)
  if (grouping !== undefined && !GROUPED.has(operation))
    throw parseError(`grouping not allowed for ${operation} aggregation`)
  if (unwrap === undefined && UNWRAP_ONLY.has(operation))
    throw parseError(`invalid aggregation ${operation} without unwrap`)
  if (unwrap !== undefined && LINES_ONLY.has(operation))
    throw parseError(`invalid aggregation ${operation} with unwrap`)
}

/**
 * The parameter of a vector aggregation, given as it is written. Throws LogqlError (`parse`) when it is missing, invalid
 * or not allowed, and when a grouping is not allowed.
 */
export function vectorParameter(
  operation: VectorOperation,
  written: string | undefined,
  grouping: Grouping | undefined,
): number | undefined {
  const isUngrouped = operation === 'sort' || operation === 'sort_desc' || operation === 'approx_topk'
  if (grouping !== undefined && isUngrouped)
    throw parseError(`grouping not allowed for ${operation} aggregation`)
  if (operation !== 'topk' && operation !== 'bottomk' && operation !== 'approx_topk') {
    if (written !== undefined)
      throw parseError(`unsupported parameter for operation ${operation}(${written},`)
    return undefined
  }
  if (written === undefined) throw parseError(`parameter required for operation ${operation}`)
  if (!/^\d{1,15}$/.test(written)) throw parseError(`invalid parameter ${operation}(${written},`)
  if (Number(written) === 0)
    throw parseError(`invalid parameter (must be greater than 0) ${operation}(${written}`)
  return Number(written)
}

/** Both sides of a binary operation. Throws LogqlError (`parse`) for log queries, and for literals in sets. */
export function metricOperands(
  operator: BinaryOperator,
  left: Expr,
  right: Expr,
): { left: MetricExpr; right: MetricExpr } {
  const isSet = SET_OPERATIONS.some((each) => each === operator)
  return { left: operand(left, 'left', operator, isSet), right: operand(right, 'right', operator, isSet) }
}

function operand(expr: Expr, side: 'left' | 'right', operator: BinaryOperator, isSet: boolean): MetricExpr {
  if (expr.kind === 'log') {
    const type = expr.stages.length === 0 ? '*syntax.MatchersExpr' : '*syntax.PipelineExpr'
    throw parseError(`unexpected type for ${side} leg of binary operation (${operator}): ${type}`)
  }
  if (isSet && expr.kind === 'literal')
    throw parseError(
      `unexpected literal for ${side} leg of logical/set binary operation (${operator}): ${expr.value.toFixed(6)}`,
    )
  return expr
}
