import { type RangeExpr } from '../ast.ts'
import { type Source } from '../source.ts'
import { collect } from './collect.ts'
import { isOver, moveTo, type Operation, type SampleWindow, sampleWindow, valueIn } from './operations.ts'
import { sorted } from './samples.ts'
import { SERIES_BETWEEN_YIELDS, type Series, type Vector } from './series.ts'
import { sortedInPieces } from './sort.ts'
import { type Windows } from './windows.ts'

type WindowedSeries = { series: Series; window: SampleWindow }

/** A range aggregation on its way through the steps. */
export type RangeState = {
  operation: Operation
  /** Those of which no sample has come yet, the first to come last. */
  waiting: WindowedSeries[]
  /** Those that have or may still have samples. */
  active: WindowedSeries[]
}

/** Reads the samples of a range aggregation. Yields about once for each block that it reads. Errors as `collect`. */
export function* rangeState(
  expr: RangeExpr,
  source: Source,
  windows: Windows,
  maxSeries: number,
): Generator<void, RangeState> {
  const { table, samples } = yield* collect(expr, source, windows, maxSeries)
  const waiting: WindowedSeries[] = []
  for (const series of table.list) {
    const found = samples[series.id]
    if (found !== undefined) waiting.push({ series, window: sampleWindow(sorted(found)) })
    if ((series.id + 1) % SERIES_BETWEEN_YIELDS === 0) yield
  }
  const firstStep = ({ window }: WindowedSeries): number => window.samples.runs[0]?.enter ?? 0
  return {
    operation: { name: expr.operation, quantile: expr.parameter ?? 0, rangeNs: expr.rangeNs },
    waiting: yield* sortedInPieces(waiting, (a, b) => firstStep(b) - firstStep(a)),
    active: [],
  }
}

/** The aggregation at a step; steps must not go back. Yields now and then where there are many series. */
export function* rangeAt(state: RangeState, step: number): Generator<void, Vector> {
  const { waiting, operation } = state
  for (let next = waiting.at(-1); next !== undefined; next = waiting.at(-1)) {
    if ((next.window.samples.runs[0]?.enter ?? 0) > step) break
    state.active.push(next)
    waiting.pop()
  }
  const result: Vector = { series: [], values: [] }
  let hasEnded = false
  let seen = 0
  for (const { series, window } of state.active) {
    if (++seen % SERIES_BETWEEN_YIELDS === 0) yield
    if (moveTo(window, step)) {
      result.series.push(series)
      result.values.push(valueIn(window, operation))
    } else if (isOver(window)) hasEnded = true
  }
  if (hasEnded) state.active = state.active.filter(({ window }) => !isOver(window))
  return result
}
