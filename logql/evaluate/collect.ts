import { type RangeExpr, type Unwrap } from '../ast.ts'
import { type Block, type Labels, type Source } from '../source.ts'
import { requiredText } from '../stages/lines-with.ts'
import { compilePipeline } from '../stages/pipeline.ts'
import { compileUnwrap } from '../stages/unwrap.ts'
import { wantedLabels } from '../stages/wanted.ts'
import { type Collected, type Collector } from './collector.ts'
import { directNumber } from './direct-number.ts'
import { seriesFinder } from './find-series.ts'
import { INTAKES } from './operations.ts'
import { countEntries, type ReadStream, readEntries } from './read-block.ts'
import { pipelineError, tooManySeries } from './refusals.ts'
import { seriesTable } from './series.ts'
import { type Windows } from './windows.ts'

/**
 * Collects the samples of a range aggregation by series and window. Yields after each block, and within one whose
 * lines take long. Throws LogqlError: `parse`
 * for a stage that does not compile, `pipeline` for the earliest entry with an error, `limit` for more than `maxSeries`
 * series.
 */
export function* collect(
  expr: RangeExpr,
  source: Source,
  windows: Windows,
  maxSeries: number,
): Generator<void, Collected> {
  const table = seriesTable()
  const collector: Collector = {
    table,
    samples: [],
    expr,
    windows,
    intake: INTAKES[expr.operation],
    finder: seriesFinder(table, expr.grouping),
    requiredText: requiredText(expr.log.stages),
    unwrap: expr.unwrap && unwrapper(expr.unwrap, expr),
    direct: INTAKES[expr.operation].timed === undefined ? directNumber(expr) : undefined,
    failure: undefined,
  }
  const { matchers, stages } = expr.log
  const pipeline = compilePipeline(stages, wantedLabels(stages, expr.unwrap, expr.grouping))
  const { firstEndNs, stepNs, count, rangeNs } = windows
  const lastEndNs = firstEndNs + BigInt(count - 1) * stepNs
  for (const { labels, blocks } of yield* source.select(matchers, firstEndNs - rangeNs + 1n, lastEndNs)) {
    const stream: ReadStream = { labels, pipeline: pipeline.forStream(labels), counted: undefined }
    for (const block of blocks) {
      if (collector.failure !== undefined && block.firstNs >= collector.failure.timeNs) break
      if (isCountable(expr, labels, block)) countEntries(collector, stream, block)
      else yield* readEntries(collector, stream, block)
      if (table.list.length > maxSeries) throw tooManySeries(maxSeries)
      yield
    }
  }
  if (collector.failure !== undefined) throw pipelineError(collector.failure.error, collector.failure.labels)
  return collector
}

const unwrapper = (unwrap: Unwrap, { grouping }: RangeExpr) =>
  compileUnwrap(unwrap, grouping?.without === false && grouping.labels.includes(unwrap.label))

/** Whether the lines of a block need not be read: no stage changes them, and all have the labels of their stream. */
function isCountable({ log, unwrap, grouping }: RangeExpr, labels: Labels, block: Block): boolean {
  if (log.stages.length > 0 || unwrap !== undefined) return false
  if (block.hasMetadata === false) return true
  return grouping?.without === false && grouping.labels.every((name) => labels.has(name))
}
