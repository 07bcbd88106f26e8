import {
  type BinaryExpr,
  type Grouping,
  type LabelReplaceExpr,
  type MetricExpr,
  type RangeExpr,
  type VectorExpr,
} from '../../logql/ast.ts'
import { type When } from '../../logql/evaluate/metric.ts'

// A second evaluator of metric queries, slow and without any trick: at every step it looks at every entry. It
// knows only selectors whose sample is the line or its number, which is what the property test needs.

export type PlainLabels = Record<string, string>
export type PlainStream = { labels: PlainLabels; entries: { timeNs: bigint; line: string }[] }
type Sample = { labels: PlainLabels; value: number }
export type PlainPoint = Sample & { timeNs: bigint }

/** Every sample of the answer, at each step. With an `unwrap`, the sample is the line read as a number. */
export function obviousAnswer(expr: MetricExpr, streams: readonly PlainStream[], when: When): PlainPoint[] {
  const points: PlainPoint[] = []
  for (let timeNs = when.startNs; timeNs <= when.endNs; timeNs += when.stepNs) {
    const samples = evaluate(expr, streams, timeNs)
    points.push(...asVector(samples).map((sample) => ({ ...sample, timeNs })))
    if (when.stepNs === 0n) break
  }
  return points
}

type Value = number | Sample[]

const asVector = (value: Value): Sample[] => (typeof value === 'number' ? [{ labels: {}, value }] : value)

function evaluate(expr: MetricExpr, streams: readonly PlainStream[], timeNs: bigint): Value {
  switch (expr.kind) {
    case 'literal':
      return expr.value
    case 'vector':
      return [{ labels: {}, value: expr.value }]
    case 'range':
      return range(expr, streams, timeNs)
    case 'vector_aggregation':
      return aggregation(expr, asVector(evaluate(expr.inner, streams, timeNs)))
    case 'label_replace':
      return asVector(evaluate(expr.inner, streams, timeNs)).map((sample) => replaced(expr, sample))
    case 'binary':
      return binary(expr, evaluate(expr.left, streams, timeNs), evaluate(expr.right, streams, timeNs))
  }
}

const key = (labels: PlainLabels): string => JSON.stringify(Object.entries(labels).sort())

const grouped = (labels: PlainLabels, { without, labels: names }: Grouping): PlainLabels =>
  Object.fromEntries(Object.entries(labels).filter(([name]) => names.includes(name) !== without))

function byKey<T>(items: readonly T[], labelsOf: (item: T) => PlainLabels): [PlainLabels, T[]][] {
  const groups = new Map<string, [PlainLabels, T[]]>()
  for (const item of items) {
    const labels = labelsOf(item)
    const group = groups.get(key(labels)) ?? [labels, []]
    groups.set(key(labels), group)
    group[1].push(item)
  }
  return [...groups.values()]
}

function range(expr: RangeExpr, streams: readonly PlainStream[], timeNs: bigint): Sample[] {
  const toNs = timeNs - expr.offsetNs
  const fromNs = toNs - expr.rangeNs
  const isSelected = ({ labels }: PlainStream): boolean =>
    expr.log.matchers.every(({ name, value }) => labels[name] === value)
  const found = streams.filter(isSelected).flatMap(({ labels, entries }) =>
    entries
      .filter((entry) => entry.timeNs > fromNs && entry.timeNs <= toNs)
      .map(({ timeNs: at, line }) => ({
        labels: expr.grouping === undefined ? labels : grouped(labels, expr.grouping),
        at,
        value: expr.unwrap === undefined ? 1 : Number(line),
        bytes: Buffer.byteLength(line),
      })),
  )
  if (expr.operation === 'absent_over_time') {
    const labels = Object.fromEntries(expr.log.matchers.map(({ name, value }) => [name, value]))
    return found.length > 0 ? [] : [{ labels, value: 1 }]
  }
  return byKey(found, ({ labels }) => labels).map(([labels, entries]) => ({
    labels,
    value: overTime(
      expr,
      entries.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)),
    ),
  }))
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

const mean = (values: readonly number[]): number => sum(values.map((value) => value / values.length))

const variance = (values: readonly number[]): number => {
  const middle = mean(values)
  return mean(values.map((value) => (value - middle) * (value - middle)))
}

function quantile(rank: number, values: readonly number[]): number {
  if (rank < 0) return -Infinity
  if (rank > 1) return Infinity
  const ascending = values.toSorted((a, b) => a - b)
  const place = rank * (values.length - 1)
  const lower = ascending[Math.floor(place)] ?? Number.NaN
  const upper = ascending[Math.min(values.length - 1, Math.floor(place) + 1)] ?? Number.NaN
  const weight = place - Math.floor(place)
  return lower * (1 - weight) + upper * weight
}

type Entry = { at: bigint; value: number; bytes: number }

function overTime({ operation, parameter, rangeNs }: RangeExpr, entries: readonly Entry[]): number {
  const values = entries.map(({ value }) => value)
  const bytes = sum(entries.map((entry) => entry.bytes))
  const seconds = Number(rangeNs) / 1e9
  switch (operation) {
    case 'count_over_time':
      return entries.length
    case 'rate':
      return sum(values) / seconds
    case 'bytes_over_time':
      return bytes
    case 'bytes_rate':
      return bytes / seconds
    case 'sum_over_time':
      return sum(values)
    case 'avg_over_time':
      return mean(values)
    case 'min_over_time':
      return Math.min(...values)
    case 'max_over_time':
      return Math.max(...values)
    case 'stdvar_over_time':
      return variance(values)
    case 'stddev_over_time':
      return Math.sqrt(variance(values))
    case 'quantile_over_time':
      return quantile(parameter ?? 0, values)
    case 'first_over_time':
      return values[0] ?? Number.NaN
    case 'last_over_time':
      return values.at(-1) ?? Number.NaN
    case 'rate_counter':
      return counterRate(entries, seconds)
    case 'absent_over_time':
      return 1
  }
}

/** As Loki 3.7 does it: the time between samples in µs, the range in seconds. */
function counterRate(entries: readonly Entry[], seconds: number): number {
  const [first, last] = [entries[0], entries.at(-1)]
  if (first === undefined || last === undefined || entries.length < 2) return 0
  const resets = entries.slice(1).map(({ value }, index) => {
    const before = entries[index]?.value ?? 0
    return value < before ? before : 0
  })
  const rise = last.value - first.value + sum(resets)
  const micros = Number(last.at - first.at) / 1000
  const between = micros / (entries.length - 1)
  let before = seconds
  if (rise > 0 && first.value >= 0 && micros * (first.value / rise) < before)
    before = micros * (first.value / rise)
  return (rise * ((micros + (before < between * 1.1 ? before : between / 2)) / micros)) / seconds
}

function aggregation({ operation, parameter, grouping }: VectorExpr, samples: readonly Sample[]): Sample[] {
  const groups = byKey(samples, ({ labels }) => grouped(labels, grouping ?? { without: false, labels: [] }))
  const largest = (a: Sample, b: Sample): number => b.value - a.value
  return groups.flatMap(([labels, members]): Sample[] => {
    if (operation === 'topk') return members.toSorted(largest).slice(0, parameter)
    if (operation === 'bottomk') return members.toSorted((a, b) => largest(b, a)).slice(0, parameter)
    return [
      {
        labels,
        value: overGroup(
          operation,
          members.map(({ value }) => value),
        ),
      },
    ]
  })
}

function overGroup(operation: VectorExpr['operation'], values: readonly number[]): number {
  if (operation === 'sum') return sum(values)
  if (operation === 'avg') return mean(values)
  if (operation === 'min') return Math.min(...values)
  if (operation === 'max') return Math.max(...values)
  if (operation === 'count') return values.length
  if (operation === 'stdvar') return variance(values)
  if (operation === 'stddev') return Math.sqrt(variance(values))
  throw new Error(`${operation} is not evaluated here`)
}

/** Only `$1` in the replacement, and patterns that JavaScript reads as Go does. */
function replaced({ target, replacement, source, pattern }: LabelReplaceExpr, sample: Sample): Sample {
  const groups = new RegExp(`^(?:${pattern})$`).exec(sample.labels[source] ?? '')
  if (groups === null) return sample
  const { [target]: _, ...others } = sample.labels
  const value = replacement.replace('$1', groups[1] ?? '')
  return { ...sample, labels: value === '' ? others : { ...others, [target]: value } }
}

function calculated(operator: BinaryExpr['operator'], a: number, b: number): number {
  if (operator === '+') return a + b
  if (operator === '-') return a - b
  if (operator === '*') return a * b
  if (operator === '/') return b === 0 ? Number.NaN : a / b
  if (operator === '%') return a % b
  if (operator === '^') return a ** b
  if (operator === '==') return Number(a === b)
  if (operator === '!=') return Number(a !== b)
  if (operator === '>') return Number(a > b)
  if (operator === '>=') return Number(a >= b)
  if (operator === '<') return Number(a < b)
  return Number(a <= b)
}

const COMPARISONS = ['==', '!=', '>', '>=', '<', '<=']

function binary(expr: BinaryExpr, left: Value, right: Value): Value {
  const { operator, bool, matching } = expr
  if (typeof left === 'number' && typeof right === 'number') return calculated(operator, left, right)
  const isFilter = COMPARISONS.includes(operator) && !bool
  if (typeof left === 'number')
    return asVector(right).flatMap(({ labels, value }) => {
      const result = calculated(operator, left, value)
      return isFilter ? (result === 1 ? [{ labels, value }] : []) : [{ labels, value: result }]
    })
  if (typeof right === 'number')
    return left.flatMap(({ labels, value }) => {
      const result = calculated(operator, value, right)
      return isFilter ? (result === 1 ? [{ labels, value }] : []) : [{ labels, value: result }]
    })
  const match = (labels: PlainLabels): PlainLabels =>
    matching === undefined ? labels : grouped(labels, { without: !matching.on, labels: matching.labels })
  const isSame = (a: Sample, b: Sample): boolean => key(match(a.labels)) === key(match(b.labels))
  if (operator === 'and') return left.filter((a) => right.some((b) => isSame(a, b)))
  if (operator === 'unless') return left.filter((a) => !right.some((b) => isSame(a, b)))
  if (operator === 'or') return [...left, ...right.filter((b) => !left.some((a) => isSame(a, b)))]
  const isRightMany = matching?.group === 'right'
  if (hasTwo(isRightMany ? left : right, ({ labels }) => match(labels))) throw new SeveralMatches()
  const pairs = left.flatMap((a) => right.filter((b) => isSame(a, b)).map((b) => ({ a, b })))
  const joined = pairs.flatMap(({ a, b }) => {
    const result = calculated(operator, a.value, b.value)
    if (isFilter && result !== 1) return []
    const [many, one] = isRightMany ? [b, a] : [a, b]
    const labels = matching?.group === undefined ? match(many.labels) : { ...many.labels }
    for (const name of matching?.include ?? []) {
      delete labels[name]
      const copied = one.labels[name]
      if (copied !== undefined) labels[name] = copied
    }
    return [{ labels, value: isFilter ? a.value : result }]
  })
  if (hasTwo(joined, ({ labels }) => labels)) throw new SeveralMatches()
  return joined
}

/** What `evaluate` throws where a series has several that match it and no group makes that right. */
export class SeveralMatches extends Error {}

const hasTwo = (samples: readonly Sample[], labelsOf: (sample: Sample) => PlainLabels): boolean =>
  byKey(samples, labelsOf).some(([, members]) => members.length > 1)
