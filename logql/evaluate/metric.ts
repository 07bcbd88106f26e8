import { type MetricExpr } from '../ast.ts'
import { type Labels, type Source } from '../source.ts'
import { compareLabels, labelsKey } from './labels.ts'
import { type Node, prepare, type Steps, vectorAt } from './node.ts'
import { tooManySeries } from './refusals.ts'
import { type Series, type Vector } from './series.ts'

/** When a metric query is evaluated: at `startNs` and every `stepNs` until `endNs`, or once when `stepNs` is 0. */
export type When = { startNs: bigint; endNs: bigint; stepNs: bigint }

/**
 * What a metric query answers: for one instant a vector, or a scalar for arithmetic of literals; else a matrix,
 * with the points of each series by time. Series come in the order of their labels, but for an instant `sort`.
 */
export type MetricResult =
  | { type: 'scalar'; timeNs: bigint; value: number }
  | { type: 'vector'; timeNs: bigint; samples: VectorSample[] }
  | { type: 'matrix'; series: MatrixSeries[] }
export type VectorSample = { labels: Labels; value: number }
/** Point i is `values[i]` at `timesMs[i]`, ms since 1970. */
export type MatrixSeries = { labels: Labels; timesMs: number[]; values: number[] }

/** Loki's default for its setting `max_query_series`. */
export const MAX_QUERY_SERIES = 500

/**
 * Evaluates a metric query. The generator yields about once for each block that it reads and at each step,
 * whose parts may have many more series than its answer, so that a server can do other things. Throws LogqlError: `pipeline` for an entry that is no
 * sample, `execution` for series that do not match one to one, `limit` for an answer of more than `maxSeries`
 * series, `unsupported` for `approx_topk`.
 */
export function* evaluateMetric(
  expr: MetricExpr,
  source: Source,
  when: When,
  maxSeries = MAX_QUERY_SERIES,
): Generator<void, MetricResult> {
  const { startNs, endNs, stepNs } = when
  const isInstant = stepNs === 0n
  const count = isInstant ? 1 : endNs < startNs ? 0 : Number((endNs - startNs) / stepNs) + 1
  const steps: Steps = { startNs, stepNs, count }
  const node = yield* prepare(expr, source, steps, maxSeries)
  if (!isInstant) return yield* matrix(node, steps, maxSeries)
  if (node.kind === 'scalar') return { type: 'scalar', timeNs: startNs, value: node.value }
  return { type: 'vector', timeNs: startNs, samples: instant(expr, yield* vectorAt(node, 0), maxSeries) }
}

function instant(expr: MetricExpr, { series, values }: Vector, maxSeries: number): VectorSample[] {
  if (series.length > maxSeries) throw tooManySeries(maxSeries)
  const samples = series.map(({ labels }, index) => ({ labels, value: values[index] ?? Number.NaN }))
  return isSorted(expr) ? samples : samples.sort((a, b) => compareLabels(a.labels, b.labels))
}

/** Whether the query has `sort` or `sort_desc` anywhere: then its answer stays in that order. */
function isSorted(expr: MetricExpr): boolean {
  if (expr.kind === 'binary') return isSorted(expr.left) || isSorted(expr.right)
  if (expr.kind === 'label_replace') return isSorted(expr.inner)
  if (expr.kind !== 'vector_aggregation') return false
  return expr.operation === 'sort' || expr.operation === 'sort_desc' || isSorted(expr.inner)
}

function* matrix(node: Node, steps: Steps, maxSeries: number): Generator<void, MetricResult> {
  const answers: Answers = { bySeries: new Map(), byKey: new Map() }
  for (let step = 0; step < steps.count; step++) {
    const timeMs = Number((steps.startNs + BigInt(step) * steps.stepNs) / 1_000_000n)
    const { series, values } = yield* vectorAt(node, step)
    for (const [index, each] of series.entries()) {
      const answer = answers.bySeries.get(each) ?? newAnswer(answers, each)
      answer.timesMs.push(timeMs)
      answer.values.push(values[index] ?? Number.NaN)
      if (answers.byKey.size > maxSeries) throw tooManySeries(maxSeries)
    }
    yield
  }
  const found = [...answers.byKey.values()]
  return { type: 'matrix', series: found.sort((a, b) => compareLabels(a.labels, b.labels)) }
}

/** The series answered so far, by their labels and by what stood for them at the steps. */
type Answers = { bySeries: Map<Series, MatrixSeries>; byKey: Map<string, MatrixSeries> }

function newAnswer({ bySeries, byKey }: Answers, series: Series): MatrixSeries {
  const key = labelsKey(series.labels)
  const answer = byKey.get(key) ?? { labels: series.labels, timesMs: [], values: [] }
  byKey.set(key, answer)
  bySeries.set(series, answer)
  return answer
}
