import { type Grouping, type VectorOperation } from '../ast.ts'
import { LogqlError } from '../error.ts'
import { groupLabels, NO_LABELS } from './labels.ts'
import { type DerivedSeries, derive, type Series, type Vector } from './series.ts'
import { joinMoments, larger, type Moments, meanOf, momentsOf, smaller } from './statistics.ts'

/** The samples of one group at one step: `series[i]` has `values[i]`. */
type Group = { into: Series; series: Series[]; values: number[] }

/** A vector aggregation; `groups` remembers which group a series is in. */
export type Aggregation = {
  operation: VectorOperation
  /** The k of `topk` and `bottomk`. */
  parameter: number | undefined
  grouping: Grouping | undefined
  groups: DerivedSeries
}

/**
 * The vector aggregation of one vector. Throws LogqlError (`unsupported`) for `approx_topk`, which Loki has
 * only with sharding.
 */
export function aggregate(aggregation: Aggregation, vector: Vector): Vector {
  const { operation, parameter } = aggregation
  if (operation === 'sort') return ordered(vector, ascending)
  if (operation === 'sort_desc') return ordered(vector, descending)
  const result: Vector = { series: [], values: [] }
  for (const group of groupsOf(aggregation, vector)) {
    if (operation === 'topk' || operation === 'bottomk')
      append(result, best(group, parameter ?? 0, operation === 'topk' ? descending : ascending))
    else {
      result.series.push(group.into)
      result.values.push(aggregated(operation, group.values))
    }
  }
  return result
}

function groupsOf({ grouping, groups }: Aggregation, { series, values }: Vector): Group[] {
  const found: Group[] = []
  const byId: (Group | undefined)[] = []
  series.forEach((each, index) => {
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
  })
  return found
}

function aggregated(operation: VectorOperation, values: readonly number[]): number {
  switch (operation) {
    case 'sum':
      return values.reduce((sum, value) => sum + value, 0)
    case 'avg':
      return meanOf(values)
    case 'min':
      return values.reduce(smaller)
    case 'max':
      return values.reduce(larger)
    case 'count':
      return values.length
    case 'stdvar':
      return varianceOf(values)
    case 'stddev':
      return Math.sqrt(varianceOf(values))
    default:
      throw new LogqlError('unsupported', `${operation} is not enabled. See -limits.shard_aggregations`)
  }
}

function varianceOf(values: readonly number[]): number {
  const none: Moments = { count: 0, mean: 0, squares: 0 }
  const { squares, count } = values.reduce((moments, value) => joinMoments(moments, momentsOf(value)), none)
  return squares / count
}

type Order = (a: number, b: number) => number
const ascending: Order = (a, b) => Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || a - b || 0
const descending: Order = (a, b) => Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || b - a || 0

function ordered({ series, values }: Vector, order: Order): Vector {
  const indexes = values.map((_, index) => index)
  const at = (index: number): number => values[index] ?? Number.NaN
  indexes.sort((a, b) => order(at(a), at(b)))
  return { series: indexes.flatMap((index) => series[index] ?? []), values: indexes.map(at) }
}

function best(group: Group, count: number, order: Order): Vector {
  const { series, values } = ordered(group, order)
  return { series: series.slice(0, count), values: values.slice(0, count) }
}

function append(result: Vector, { series, values }: Vector): void {
  series.forEach((each, index) => {
    result.series.push(each)
    result.values.push(values[index] ?? Number.NaN)
  })
}
