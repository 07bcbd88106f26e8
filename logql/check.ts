import {
  type BinaryOperator,
  type Expr,
  type Grouping,
  type Matcher,
  type MetricExpr,
  type RangeOperation,
  SET_OPERATIONS,
  type Unwrap,
  type VectorOperation,
} from './ast.ts'
import { LogqlError } from './error.ts'
import { compileMatcher } from './matchers.ts'
import { parseError } from './parse/parse-error.ts'
import { compileRegexp } from './regexp.ts'

/** Refuses a matcher with a wrong regular expression. Throws LogqlError (`parse`). */
export function checkMatcher({ operator, value }: Matcher): void {
  if (operator === '=~' || operator === '!~') checkRegexp(value, '')
}

/** Refuses a `label_replace` with a wrong regular expression. Throws LogqlError (`parse`). */
export const checkLabelReplace = (pattern: string): void =>
  checkRegexp(pattern, 'invalid regex in label_replace: ')

function checkRegexp(pattern: string, context: string): void {
  try {
    compileRegexp(pattern)
  } catch (error) {
    throw error instanceof LogqlError ? parseError(context + error.message) : error
  }
}

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/
/** What the compiler of regular expressions says of a name that two groups have. */
const DUPLICATE = /duplicate capture group name: `(\w+)`/

/**
 * Refuses a `regexp` stage that is wrong or names no group, one group twice, or one with what is no label.
 * Throws LogqlError (`parse`).
 */
export function checkRegexpStage(pattern: string): void {
  const refuse = (problem: string): LogqlError => parseError(`invalid regexp parser: ${problem}`)
  const names = groupNames(pattern, refuse).filter((name) => name !== '')
  if (names.length === 0) throw refuse('at least one named capture must be supplied')
  const wrong = names.find((name) => !LABEL_NAME.test(name))
  if (wrong !== undefined) throw refuse(`invalid extracted label name '${wrong}'`)
}

function groupNames(pattern: string, refuse: (problem: string) => LogqlError): readonly string[] {
  try {
    return compileRegexp(pattern).groupNames
  } catch (error) {
    if (!(error instanceof LogqlError)) throw error
    const twice = DUPLICATE.exec(error.message)?.[1]
    throw refuse(twice === undefined ? error.message : `duplicate extracted label name '${twice}'`)
  }
}

const CAPTURE = /<([a-zA-Z_][a-zA-Z0-9_]*)>/g

/**
 * Refuses a `pattern` stage without a named capture, or with two captures side by side or of one name.
 * Throws LogqlError (`parse`).
 */
export function checkPatternStage(pattern: string): void {
  const refuse = (problem: string): LogqlError => parseError(`invalid pattern parser: ${problem}`)
  const captures = [...pattern.matchAll(CAPTURE)]
  const names = captures.map(([, name]) => name).filter((name) => name !== '_')
  if (names.length === 0) throw refuse('at least one capture is required')
  captures.forEach((capture, index) => {
    const next = captures[index + 1]
    if (next !== undefined && capture.index + capture[0].length === next.index)
      throw refuse(`found consecutive capture '${capture[0]}${next[0]}': invalid expression`)
  })
  const seen = new Set<string | undefined>()
  const twice = names.find((name) => seen.has(name) || !seen.add(name))
  if (twice !== undefined) throw refuse(`duplicate capture name (${twice}): invalid expression`)
}

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
const GROUPED: ReadonlySet<RangeOperation> = new Set([
  'avg_over_time',
  'min_over_time',
  'max_over_time',
  'stdvar_over_time',
  'stddev_over_time',
  'quantile_over_time',
  'first_over_time',
  'last_over_time',
])

/** Refuses a range aggregation whose parts do not go together. Throws LogqlError (`parse`). */
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
 * The parameter of a vector aggregation from how it is written. Throws LogqlError (`parse`) when it is needed and
 * missing, wrong, or not taken, and when the operation takes no grouping.
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

/**
 * Refuses a query with a selector whose matchers all match the empty value, and so any stream. Throws
 * LogqlError (`parse`).
 */
export function checkSelectors(expr: Expr): void {
  for (const matchers of selectorsOf(expr)) checkSelector(matchers)
}

/** The matchers of every selector in a query, in their order. Pure. */
export function selectorsOf(expr: Expr): (readonly Matcher[])[] {
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
