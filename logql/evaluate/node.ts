import { type BinaryExpr, type MetricExpr, type RangeExpr, type VectorExpr } from '../ast.ts'
import { type Labels, NO_LABELS, type Source } from '../source.ts'
import { type Aggregation, aggregate, aggregation } from './aggregate.ts'
import { calculate } from './arithmetic.ts'
import { type BinaryState, binaryState, combine, withScalar } from './binary.ts'
import { labelReplacer } from './label-replace.ts'
import { withLabel } from './labels.ts'
import { type RangeState, rangeAt, rangeState } from './range.ts'
import {
  type DerivedSeries,
  derive,
  derivedSeries,
  SERIES_BETWEEN_YIELDS,
  type Series,
  type Vector,
} from './series.ts'
import { type Windows } from './windows.ts'

/** The instants at which a query is evaluated: `count` of them, `stepNs` apart. */
export type Steps = { startNs: bigint; stepNs: bigint; count: number }

/** A part of a query that is ready to be evaluated step by step. */
export type Node =
  | { kind: 'scalar'; value: number; vector: Vector }
  | { kind: 'constant'; vector: Vector }
  | { kind: 'range'; state: RangeState }
  | { kind: 'absent'; state: RangeState; vector: Vector }
  | { kind: 'aggregation'; state: Aggregation; inner: Node }
  | { kind: 'binary'; state: BinaryState; left: Node; right: Node }
  | { kind: 'label_replace'; replace: (labels: Labels) => Labels; series: DerivedSeries; inner: Node }

/**
 * How many series a range aggregation may make that other parts of the query then aggregate. Loki has no such
 * limit; each may take 1 KB or more, and a process must not run out of memory for one query.
 */
const MAX_INNER_SERIES = 100_000

/**
 * Reads all that a query needs. Yields about once for each block that it reads. Throws LogqlError, of kind
 * `limit` when the query is one range aggregation of more than `maxSeries` series.
 */
export function* prepare(
  expr: MetricExpr,
  source: Source,
  steps: Steps,
  maxSeries = MAX_INNER_SERIES,
): Generator<void, Node> {
  switch (expr.kind) {
    case 'literal':
      return scalar(expr.value)
    case 'vector':
      return { kind: 'constant', vector: oneSeries(NO_LABELS, expr.value) }
    case 'range': {
      const quotient = averageOf(expr)
      return quotient === undefined
        ? yield* prepareRange(expr, source, steps, maxSeries)
        : yield* prepare(quotient, source, steps)
    }
    case 'vector_aggregation': {
      const state = aggregation(expr)
      return { kind: 'aggregation', state, inner: yield* prepare(innerOf(expr), source, steps) }
    }
    case 'label_replace': {
      const replace = labelReplacer(expr)
      const inner = yield* prepare(expr.inner, source, steps)
      return { kind: 'label_replace', replace, series: derivedSeries(), inner }
    }
    case 'binary': {
      const left = yield* prepare(expr.left, source, steps)
      const right = yield* prepare(expr.right, source, steps)
      return left.kind === 'scalar' && right.kind === 'scalar'
        ? scalar(calculate(expr.operator, left.value, right.value))
        : { kind: 'binary', state: binaryState(expr), left, right }
    }
  }
}

function* prepareRange(
  expr: RangeExpr,
  source: Source,
  steps: Steps,
  maxSeries: number,
): Generator<void, Node> {
  const { startNs, stepNs, count } = steps
  const windows: Windows = { firstEndNs: startNs - expr.offsetNs, stepNs, count, rangeNs: expr.rangeNs }
  if (expr.operation !== 'absent_over_time')
    return { kind: 'range', state: yield* rangeState(expr, source, windows, maxSeries) }
  const one: RangeExpr = { ...expr, grouping: { without: false, labels: [] } }
  const state = yield* rangeState(one, source, windows, maxSeries)
  return { kind: 'absent', state, vector: oneSeries(absentLabels(expr), 1) }
}

/**
 * A grouped `avg_over_time` as the quotient that Loki 3.7 makes of it: the sum of what is unwrapped by the number
 * of lines, among them those that nothing is unwrapped from (Loki issue 23890).
 */
function averageOf(expr: RangeExpr): BinaryExpr | undefined {
  const { operation, grouping, unwrap } = expr
  if (operation !== 'avg_over_time' || grouping === undefined || unwrap === undefined) return undefined
  const counted = grouping.without ? { ...grouping, labels: [...grouping.labels, unwrap.label] } : grouping
  return {
    kind: 'binary',
    operator: '/',
    left: { ...expr, operation: 'sum_over_time' },
    right: { ...expr, operation: 'count_over_time', unwrap: undefined, grouping: counted },
    bool: false,
    matching: undefined,
  }
}

const scalar = (value: number): Node => ({ kind: 'scalar', value, vector: oneSeries(NO_LABELS, value) })

const oneSeries = (labels: Labels, value: number): Vector => ({
  series: [{ id: 0, labels }],
  values: [value],
})

/** What `absent_over_time` knows of the series that it misses: labels with just one `=` matcher. */
function absentLabels({ log: { matchers } }: RangeExpr): Labels {
  const isSure = (name: string): boolean => matchers.filter((matcher) => matcher.name === name).length === 1
  return matchers
    .filter(({ name, operator }) => operator === '=' && isSure(name))
    .reduce((labels, { name, value }) => withLabel(labels, name, value), NO_LABELS)
}

const ADDITIVE: ReadonlySet<string> = new Set([
  'count_over_time',
  'rate',
  'bytes_over_time',
  'bytes_rate',
  'sum_over_time',
])

/**
 * What a vector aggregation aggregates. The sum of sums is one sum: as Loki does, the range aggregation then
 * groups already, so that it makes no series for labels that nobody asks for.
 */
function innerOf({ operation, inner, grouping }: VectorExpr): MetricExpr {
  const isOneSum = operation === 'sum' && inner.kind === 'range' && ADDITIVE.has(inner.operation)
  return isOneSum && inner.grouping === undefined
    ? { ...inner, grouping: grouping ?? { without: false, labels: [] } }
    : inner
}

/**
 * The vector at a step; steps must not go back. A number stands for one series without labels. Yields now and then where
 * there are many series.
 */
export function* vectorAt(node: Node, step: number): Generator<void, Vector> {
  switch (node.kind) {
    case 'scalar':
    case 'constant':
      return node.vector
    case 'range':
      return yield* rangeAt(node.state, step)
    case 'absent':
      return (yield* rangeAt(node.state, step)).series.length > 0 ? { series: [], values: [] } : node.vector
    case 'aggregation':
      return yield* aggregate(node.state, yield* vectorAt(node.inner, step))
    case 'label_replace': {
      const { series, values } = yield* vectorAt(node.inner, step)
      return { series: yield* replaced(node, series), values }
    }
    case 'binary':
      return yield* binaryAt(node.state, node.left, node.right, step)
  }
}

function* replaced(
  { series, replace }: Extract<Node, { kind: 'label_replace' }>,
  given: readonly Series[],
): Generator<void, Series[]> {
  const made: Series[] = []
  for (const each of given) {
    made.push(derive(series, each, replace))
    if (made.length % SERIES_BETWEEN_YIELDS === 0) yield
  }
  return made
}

function* binaryAt(state: BinaryState, left: Node, right: Node, step: number): Generator<void, Vector> {
  const { expr } = state
  if (left.kind === 'scalar')
    return withScalar(expr, yield* vectorAt(right, step), numberFirst(expr, left.value))
  if (right.kind === 'scalar')
    return withScalar(expr, yield* vectorAt(left, step), numberLast(expr, right.value))
  return yield* combine(state, yield* vectorAt(left, step), yield* vectorAt(right, step))
}

const numberFirst =
  ({ operator }: BinaryExpr, number: number) =>
  (value: number): number =>
    calculate(operator, number, value)

const numberLast =
  ({ operator }: BinaryExpr, number: number) =>
  (value: number): number =>
    calculate(operator, value, number)
