import { type Grouping, type VectorExpr, type VectorOperation } from '../ast.ts'
import { LogqlError } from '../error.ts'
import { NO_LABELS } from '../source.ts'
import { groupLabels } from './labels.ts'
import {
  type DerivedSeries,
  derive,
  derivedSeries,
  SERIES_BETWEEN_YIELDS,
  type Series,
  type Vector,
} from './series.ts'
import { sortedInPieces } from './sort.ts'
import { joinMoments, larger, type Moments, meanOf, momentsOf, smaller } from './statistics.ts'

/** The samples of one group at one step: `series[i]` has `values[i]`. */
type Group = { into: Series; series: Series[]; values: number[] }

/** A vector aggregation; `groups` remembers which group a series is in. */
export type Aggregation = {
  operation: Exclude<VectorOperation, 'approx_topk'>
  /** The k of `topk` and `bottomk`. */
  parameter: number | undefined
  grouping: Grouping | undefined
  groups: DerivedSeries
}

/**
 * What an aggregation starts from. Throws LogqlError (`unsupported`) for `approx_topk`, which Loki has only where
 * its configuration says so.
 */
export function aggregation({ operation, parameter, grouping }: VectorExpr): Aggregation {
  if (operation === 'approx_topk')
    throw new LogqlError('unsupported', 'approx_topk is not enabled. See -limits.shard_aggregations')
  return { operation, parameter, grouping, groups: derivedSeries() }
}

/** The aggregation of one vector. Yields now and then where there are many series. */
export function* aggregate(aggregation: Aggregation, vector: Vector): Generator<void, Vector> {
  const { operation, parameter } = aggregation
  if (operation === 'sort') return yield* ordered(vector, ascending)
  if (operation === 'sort_desc') return yield* ordered(vector, descending)
  const result: Vector = { series: [], values: [] }
  for (const [index, group] of (yield* groupsOf(aggregation, vector)).entries()) {
    if (index % SERIES_BETWEEN_YIELDS === 0) yield
    if (operation === 'topk') append(result, yield* best(group, parameter ?? 0, descending))
    else if (operation === 'bottomk') append(result, yield* best(group, parameter ?? 0, ascending))
    else {
      result.series.push(group.into)
      result.values.push(STATISTICS[operation](group.values))
    }
  }
  return result
}

function* groupsOf({ grouping, groups }: Aggregation, { series, values }: Vector): Generator<void, Group[]> {
  const found: Group[] = []
  const byId: (Group | undefined)[] = []
  for (const [index, each] of series.entries()) {
    if (index % SERIES_BETWEEN_YIELDS === 0) yield
    const into = derive(groups, each, (labels) =>
      grouping === undefined ? NO_LABELS : groupLabels(labels, grouping),
    )
    let group = byId[into.id]
    if (group === undefined) {
      group = { into, series: [], values: [] }
      byId[into.id] = group
      found.push(group)
    }
    group.series.push(each)
    group.values.push(values[index] ?? Number.NaN)
  }
  return found
}

type Statistic = 'sum' | 'avg' | 'min' | 'max' | 'count' | 'stdvar' | 'stddev'

/** What becomes of the values of a group, of which there is one at least. */
const STATISTICS: Readonly<Record<Statistic, (values: readonly number[]) => number>> = {
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  avg: (values) => meanOf(values),
  min: (values) => values.reduce(smaller),
  max: (values) => values.reduce(larger),
  count: (values) => values.length,
  stdvar: (values) => varianceOf(values),
  stddev: (values) => Math.sqrt(varianceOf(values)),
}

function varianceOf(values: readonly number[]): number {
  const none: Moments = { count: 0, mean: 0, squares: 0 }
  const { squares, count } = values.reduce((moments, value) => joinMoments(moments, momentsOf(value)), none)
  return squares / count
}

type Order = (a: number, b: number) => number
const ascending: Order = (a, b) => Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || a - b || 0
const descending: Order = (a, b) => Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || b - a || 0

function* ordered({ series, values }: Vector, order: Order): Generator<void, Vector> {
  const at = (index: number): number => values[index] ?? Number.NaN
  const all = values.map((_, index) => index)
  const indexes = yield* sortedInPieces(all, (a, b) => order(at(a), at(b)))
  return { series: indexes.flatMap((index) => series[index] ?? []), values: indexes.map(at) }
}

function* best(group: Group, count: number, order: Order): Generator<void, Vector> {
  const { series, values } = yield* ordered(candidates(group, count, order), order)
  return { series: series.slice(0, count), values: values.slice(0, count) }
}

/** Those that may be among the best, in their order: sorting all of 100,000 series took a tenth of a second. */
function candidates(group: Group, count: number, order: Order): Vector {
  const numbers = Float64Array.from(group.values)
    .filter((value) => !Number.isNaN(value))
    .sort()
  const last = numbers[order === ascending ? count - 1 : numbers.length - count] ?? Number.NaN
  const found: Vector = { series: [], values: [] }
  let ties = 0
  group.series.forEach((each, index) => {
    const value = group.values[index] ?? Number.NaN
    const place = order(value, last)
    if (place > 0 || (place === 0 && ++ties > count)) return
    found.series.push(each)
    found.values.push(value)
  })
  return found
}

function append(result: Vector, { series, values }: Vector): void {
  series.forEach((each, index) => {
    result.series.push(each)
    result.values.push(values[index] ?? Number.NaN)
  })
}
