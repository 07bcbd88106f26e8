import { type BinaryExpr, type Matching } from '../ast.ts'
import { LogqlError } from '../error.ts'
import { type Labels } from '../source.ts'
import { calculate, isComparison, isSetOperator, type SetOperator } from './arithmetic.ts'
import { groupLabels, withLabel } from './labels.ts'
import {
  type DerivedSeries,
  derive,
  internSeries,
  SERIES_BETWEEN_YIELDS,
  type Series,
  type SeriesTable,
  seriesTable,
  type Vector,
} from './series.ts'

/** A binary operation between two vectors, with what it knows of their series from earlier steps. */
export type BinaryState = {
  expr: BinaryExpr
  /** The labels by which series are matched; both sides share one table. */
  left: DerivedSeries
  right: DerivedSeries
  answers: SeriesTable
  /** What a series was answered as, joined with which other one. */
  joined: Map<Series, { other: Series | undefined; answer: Series }>
}

export function binaryState(expr: BinaryExpr): BinaryState {
  const table = seriesTable()
  const side = (): DerivedSeries => ({ table, derived: [] })
  return { expr, left: side(), right: side(), answers: seriesTable(), joined: new Map() }
}

/**
 * Two vectors joined by an operator. Yields now and then where they have many series. Throws LogqlError (`execution`) where series have several that match
 * them, unless `group_left` or `group_right` allows it.
 */
export function* combine(state: BinaryState, left: Vector, right: Vector): Generator<void, Vector> {
  const { operator } = state.expr
  return isSetOperator(operator)
    ? yield* setOperation(state, operator, left, right)
    : yield* join(state, left, right)
}

/** A vector with a number on one side. A comparison that filters keeps the vector's values. */
export function withScalar(
  { operator, bool }: BinaryExpr,
  vector: Vector,
  calculateWith: (value: number) => number,
): Vector {
  const result: Vector = { series: [], values: [] }
  const isFilter = isComparison(operator) && !bool
  vector.series.forEach((series, index) => {
    const value = vector.values[index] ?? Number.NaN
    const calculated = calculateWith(value)
    if (isFilter && calculated === 0) return
    result.series.push(series)
    result.values.push(isFilter ? value : calculated)
  })
  return result
}

/** The labels by which a series is matched with others. */
const matchedLabels = (matching: Matching | undefined, labels: Labels): Labels =>
  matching === undefined ? labels : groupLabels(labels, { without: !matching.on, labels: matching.labels })

function* matchIds(state: BinaryState, side: DerivedSeries, vector: Vector): Generator<void, number[]> {
  const labelsOf = (labels: Labels): Labels => matchedLabels(state.expr.matching, labels)
  const ids: number[] = []
  for (const series of vector.series) {
    ids.push(derive(side, series, labelsOf).id)
    if (ids.length % SERIES_BETWEEN_YIELDS === 0) yield
  }
  return ids
}

function* setOperation(
  state: BinaryState,
  operator: SetOperator,
  left: Vector,
  right: Vector,
): Generator<void, Vector> {
  const leftIds = yield* matchIds(state, state.left, left)
  const rightIds = yield* matchIds(state, state.right, right)
  const isLeft = new Set(leftIds)
  const isRight = new Set(rightIds)
  const result: Vector = { series: [], values: [] }
  const isKept = (id: number): boolean => operator === 'or' || isRight.has(id) === (operator === 'and')
  yield* addKept(state, result, left, leftIds, isKept)
  if (operator === 'or') yield* addKept(state, result, right, rightIds, (id) => !isLeft.has(id))
  return result
}

function* addKept(
  state: BinaryState,
  result: Vector,
  { series, values }: Vector,
  ids: readonly number[],
  isKept: (id: number) => boolean,
): Generator<void, void> {
  for (const [index, each] of series.entries()) {
    if (index % SERIES_BETWEEN_YIELDS === 0) yield
    if (!isKept(ids[index] ?? -1)) continue
    result.series.push(answerOf(state, each, undefined, each.labels))
    result.values.push(values[index] ?? Number.NaN)
  }
}

/** Arithmetic and comparisons: each series of the side of many with the one that matches it. */
function* join(state: BinaryState, left: Vector, right: Vector): Generator<void, Vector> {
  const { matching } = state.expr
  const isRightMany = matching?.group === 'right'
  const [many, one] = isRightMany ? [right, left] : [left, right]
  const [manySide, oneSide] = isRightMany ? [state.right, state.left] : [state.left, state.right]
  const manyIds = yield* matchIds(state, manySide, many)
  const partners = yield* uniqueOf(state, oneSide, one)
  const taken = new Set<number>()
  const result: Vector = { series: [], values: [] }
  for (const [index, series] of many.series.entries()) {
    if (index % SERIES_BETWEEN_YIELDS === 0) yield
    const id = manyIds[index] ?? -1
    const partner = partners.get(id) ?? -1
    const other = one.series[partner]
    if (other === undefined) continue
    const value = many.values[index] ?? Number.NaN
    const otherValue = one.values[partner] ?? Number.NaN
    const kept = isRightMany
      ? filtered(state.expr, otherValue, value)
      : filtered(state.expr, value, otherValue)
    if (kept === undefined) continue
    const answer = answerOf(state, series, other)
    const unique = matching?.group === undefined ? id : answer.id
    if (taken.has(unique)) throw severalMatches(matching)
    taken.add(unique)
    result.series.push(answer)
    result.values.push(kept)
  }
  return result
}

function filtered({ operator, bool }: BinaryExpr, left: number, right: number): number | undefined {
  const calculated = calculate(operator, left, right)
  if (!isComparison(operator) || bool) return calculated
  return calculated === 1 ? left : undefined
}

/** Where in a vector the only series with each matching id is. */
function* uniqueOf(
  state: BinaryState,
  side: DerivedSeries,
  vector: Vector,
): Generator<void, Map<number, number>> {
  const places = new Map<number, number>()
  for (const [index, id] of (yield* matchIds(state, side, vector)).entries()) {
    if (places.has(id)) throw duplicates(state.expr.matching)
    places.set(id, index)
    if (index % SERIES_BETWEEN_YIELDS === 0) yield
  }
  return places
}

function answerOf(state: BinaryState, series: Series, other: Series | undefined, labels?: Labels): Series {
  const known = state.joined.get(series)
  if (known !== undefined && known.other === other) return known.answer
  const answer = internSeries(
    state.answers,
    labels ?? joinedLabels(series.labels, other?.labels, state.expr.matching),
  )
  state.joined.set(series, { other, answer })
  return answer
}

/** The labels of the answer: those matched by, or with `group_…` all of the many and some of the one. */
function joinedLabels(many: Labels, one: Labels | undefined, matching: Matching | undefined): Labels {
  if (matching === undefined || matching.group === undefined) return matchedLabels(matching, many)
  return matching.include.reduce((labels, name) => withLabel(labels, name, one?.get(name) ?? ''), many)
}

const duplicates = (matching: Matching | undefined): LogqlError =>
  new LogqlError(
    'execution',
    `found duplicate series on the ${matching?.group === 'right' ? 'left' : 'right'} hand-side;` +
      'many-to-many matching not allowed: matching labels must be unique on one side',
  )

const severalMatches = (matching: Matching | undefined): LogqlError =>
  new LogqlError(
    'execution',
    matching?.group === undefined
      ? 'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)'
      : 'multiple matches for labels: grouping labels must ensure unique matches',
  )
