import { type RangeExpr } from '../ast.ts'
import { type Block, type Labels, type Lines } from '../source.ts'
import { ERROR_LABEL } from '../stages/entry.ts'
import { allLabels, type Processed } from '../stages/pipeline.ts'
import { type Unwrapped } from '../stages/unwrap.ts'
import { type DirectNumber } from './direct-number.ts'
import { findSeries, type SeriesFinder } from './find-series.ts'
import { type Intake } from './operations.ts'
import { addSample, addTimedSample, noSamples, type Samples } from './samples.ts'
import { type Series, type SeriesTable } from './series.ts'
import { type Span, type Windows } from './windows.ts'

/** The samples of a range aggregation: `samples[series.id]` for each series of the table. */
export type Collected = { table: SeriesTable; samples: Samples[] }

/** What is needed to turn entries into samples, and the samples so far. */
export type Collector = Collected & {
  expr: RangeExpr
  windows: Windows
  intake: Intake
  finder: SeriesFinder
  /** A text that is in every line that the stages keep. */
  requiredText: string | undefined
  unwrap: ((processed: Processed) => Unwrapped | undefined) | undefined
  direct: DirectNumber | undefined
  /** The earliest entry with an error. */
  failure: { timeNs: bigint; error: string; labels: Labels } | undefined
}

/** The samples of a series, made if there are none. */
export function samplesOf({ samples, intake }: Collector, { id }: Series): Samples {
  const known = samples[id]
  if (known !== undefined) return known
  const made = noSamples(intake.timed !== undefined)
  samples[id] = made
  return made
}

/** An entry of a block that is being read. */
export type Reading = {
  block: Block
  lines: Lines
  times: Float64Array | undefined
  index: number
  line: string
}

/** The time of the entry, ns since 1970. */
export const readingTime = (reading: Reading): bigint => {
  reading.times ??= reading.block.times()
  return reading.block.firstNs + BigInt(reading.times[reading.index] ?? 0)
}

/** Makes the sample of an entry and puts it into its series, or remembers the error that it has. */
export function take(collector: Collector, processed: Processed, span: Span, reading: Reading): void {
  const { intake, unwrap, finder } = collector
  const unwrapped = unwrap === undefined ? undefined : unwrap(processed)
  if (unwrap !== undefined && unwrapped === undefined) return
  const labelled = unwrapped?.processed ?? processed
  if (labelled.parsed.size > 0) {
    const error = labelled.parsed.get(ERROR_LABEL)
    if (error !== undefined) {
      fail(collector, error, labelled, readingTime(reading))
      return
    }
  }
  const value = unwrapped?.value ?? (intake.sampleOf === 'bytes' ? lineBytes(processed, reading) : 1)
  const samples = samplesOf(collector, findSeries(finder, labelled))
  const { times } = samples
  if (times === undefined || intake.timed === undefined)
    addSample(samples, span.enter, span.leave, value, intake.merge)
  else addTimedSample(samples, times, span, value, readingTime(reading), intake.timed)
}

function fail(collector: Collector, error: string, processed: Processed, timeNs: bigint): void {
  const { failure } = collector
  if (failure === undefined || timeNs < failure.timeNs)
    collector.failure = { timeNs, error, labels: allLabels(processed) }
}

const lineBytes = (processed: Processed, { lines, line, index }: Reading): number =>
  processed.line === line ? lines.byteLength(index) : Buffer.byteLength(processed.line)
