import { type Grouping, type RangeExpr } from '../ast.ts'
import { type Block, type Labels, type Source } from '../source.ts'
import { groupLabels } from './labels.ts'
import { INTAKES, type Intake } from './operations.ts'
import { addSample, noSamples, type Samples } from './samples.ts'
import { internSeries, type Series, type SeriesTable, seriesTable } from './series.ts'
import { spansOf, type Windows } from './windows.ts'

/** The samples that a range aggregation has: `samples[series.id]` for each series of the table. */
export type Collected = { table: SeriesTable; samples: Samples[]; intake: Intake }

export function* collect(expr: RangeExpr, source: Source, windows: Windows): Generator<void, Collected> {
  const collected: Collected = { table: seriesTable(), samples: [], intake: INTAKES[expr.operation] }
  const { firstEndNs, stepNs, count, rangeNs } = windows
  const lastEndNs = firstEndNs + BigInt(count - 1) * stepNs
  for (const { labels, blocks } of source.select(expr.log.matchers, firstEndNs - rangeNs + 1n, lastEndNs)) {
    const grouped = expr.grouping === undefined ? labels : groupLabels(labels, expr.grouping)
    const samples = samplesOf(collected, internSeries(collected.table, grouped))
    for (const block of blocks) {
      measure(samples, block, windows, collected.intake)
      yield
    }
  }
  return collected
}

export function samplesOf({ samples, intake }: Collected, { id }: Series): Samples {
  const known = samples[id]
  if (known !== undefined) return known
  const made = noSamples(intake.isTimed)
  samples[id] = made
  return made
}

function measure(samples: Samples, block: Block, windows: Windows, { sampleOf, merge }: Intake): void {
  for (const { from, to, enter, leave } of spansOf(block, windows))
    addSample(samples, enter, leave, sampleOf === 'bytes' ? bytesIn(block, from, to) : to - from, merge)
}

/** The bytes of some lines of a block. */
function bytesIn(block: Block, from: number, to: number): number {
  if (from === 0 && to === block.count) return block.bytes
  const { byteLength } = block.lines()
  let bytes = 0
  for (let index = from; index < to; index++) bytes += byteLength(index)
  return bytes
}

/** Whether every entry of a stream is in the series of its labels, whatever else it has. */
export const isWhole = (labels: Labels, grouping: Grouping | undefined): boolean =>
  grouping !== undefined && !grouping.without && grouping.labels.every((name) => labels.has(name))
