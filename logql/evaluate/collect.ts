import { type RangeExpr, type Unwrap } from '../ast.ts'
import { type Block, type Labels, type Lines, NO_LABELS, type Source } from '../source.ts'
import { ERROR_LABEL } from '../stages/entry.ts'
import { linesWith, requiredText } from '../stages/lines-with.ts'
import { allLabels, compilePipeline, type Processed, type StreamPipeline } from '../stages/pipeline.ts'
import { compileUnwrap, type Unwrapped } from '../stages/unwrap.ts'
import { wantedLabels } from '../stages/wanted.ts'
import { type DirectNumber, directNumber } from './direct-number.ts'
import { findSeries, type SeriesFinder, seriesFinder } from './find-series.ts'
import { groupLabels } from './labels.ts'
import { INTAKES, type Intake } from './operations.ts'
import { isTime, newPace } from './pace.ts'
import { pipelineError, tooManySeries } from './refusals.ts'
import { addSample, addTimedSample, noSamples, type Samples } from './samples.ts'
import { internSeries, type Series, type SeriesTable, seriesTable } from './series.ts'
import { type Span, spansOf, type Windows } from './windows.ts'

/** The samples that a range aggregation has: `samples[series.id]` for each series of the table. */
export type Collected = { table: SeriesTable; samples: Samples[] }

/** All that is needed to make samples of entries. */
type Collector = Collected & {
  expr: RangeExpr
  windows: Windows
  intake: Intake
  finder: SeriesFinder
  /** A text that every line has which the stages keep. */
  requiredText: string | undefined
  unwrap: ((processed: Processed) => Unwrapped | undefined) | undefined
  direct: DirectNumber | undefined
  /** The earliest entry with an error. */
  failure: { timeNs: bigint; error: string; labels: Labels } | undefined
}

/**
 * The samples of a range aggregation, in the windows that they are in. Yields after each block, and within one whose
 * lines take long. Throws
 * LogqlError: `parse` for what only the compiling of a stage shows, `pipeline` for the earliest entry with an
 * error, `limit` for more than `maxSeries` series.
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

/** Whether the lines of a block need not be read: none is changed, and all have the labels of their stream. */
function isCountable({ log, unwrap, grouping }: RangeExpr, labels: Labels, block: Block): boolean {
  if (log.stages.length > 0 || unwrap !== undefined) return false
  if (block.hasMetadata === false) return true
  return grouping?.without === false && grouping.labels.every((name) => labels.has(name))
}

function samplesOf({ samples }: Collected, { id }: Series, { timed }: Intake): Samples {
  const known = samples[id]
  if (known !== undefined) return known
  const made = noSamples(timed !== undefined)
  samples[id] = made
  return made
}

/** A stream of which blocks are read, and the samples of those that need not be. */
type ReadStream = { labels: Labels; pipeline: StreamPipeline; counted: Samples | undefined }

function countEntries(collector: Collector, stream: ReadStream, block: Block): void {
  const { expr, table, windows, intake } = collector
  const spans = spansOf(block, windows)
  if (spans.length === 0) return
  if (stream.counted === undefined) {
    const { labels } = stream
    const grouped = expr.grouping === undefined ? labels : groupLabels(labels, expr.grouping)
    stream.counted = samplesOf(collector, internSeries(table, grouped), intake)
  }
  const samples = stream.counted
  for (const { from, to, enter, leave } of spans) {
    const value = intake.sampleOf === 'bytes' ? bytesIn(block, from, to) : to - from
    addSample(samples, enter, leave, value, intake.merge)
  }
}

/** The bytes of some lines of a block. */
function bytesIn(block: Block, from: number, to: number): number {
  if (from === 0 && to === block.count) return block.bytes
  const { byteLength } = block.lines()
  let bytes = 0
  for (let index = from; index < to; index++) bytes += byteLength(index)
  return bytes
}

/** An entry of a block that is being read. */
type Reading = { block: Block; lines: Lines; times: Float64Array | undefined; index: number; line: string }

const readingTime = (reading: Reading): bigint => {
  reading.times ??= reading.block.times()
  return reading.block.firstNs + BigInt(reading.times[reading.index] ?? 0)
}

/** Sends the entries of a block that are in a window, and may pass its line filters, through the pipeline. */
function* readEntries(
  collector: Collector,
  { labels, pipeline: stream }: ReadStream,
  block: Block,
): Generator<void, void> {
  const spans = spansOf(block, collector.windows)
  const [first, last] = [spans[0], spans.at(-1)]
  if (first === undefined || last === undefined) return
  const { requiredText, direct } = collector
  const lines = block.lines()
  const found = requiredText === undefined ? undefined : linesWith(lines, requiredText, first.from, last.to)
  if (found?.length === 0) return
  const reading: Reading = { block, lines, times: undefined, index: 0, line: '' }
  const timeNs = (): bigint => readingTime(reading)
  const isDirect = direct !== undefined && block.hasMetadata === false && !labels.has(direct.label)
  const samples = isDirect ? samplesOf(collector, seriesOf(collector, labels), collector.intake) : undefined
  const pace = newPace()
  let next = 0
  for (const span of spans) {
    if (isDirect && samples !== undefined)
      readNumbers(collector, stream, span, reading, timeNs, direct, samples)
    else if (found === undefined)
      for (let index = span.from; index < span.to; index++) {
        readEntry(collector, stream, span, reading, index, timeNs)
        if (isTime(pace)) yield
      }
    else
      for (let index = found[next]; index !== undefined && index < span.to; index = found[++next]) {
        if (index >= span.from) readEntry(collector, stream, span, reading, index, timeNs)
        if (isTime(pace)) yield
      }
  }
}

const NO_METADATA = { line: '', metadata: NO_LABELS, parsed: NO_LABELS }

/** The series of a sample that has the labels of its stream only. */
const seriesOf = ({ finder }: Collector, stream: Labels): Series =>
  findSeries(finder, { ...NO_METADATA, stream })

/** Takes plain numbers out of the lines themselves; the pipeline has the lines that hold none. */
function readNumbers(
  collector: Collector,
  stream: StreamPipeline,
  span: Span,
  reading: Reading,
  timeNs: () => bigint,
  { read }: DirectNumber,
  samples: Samples,
): void {
  const { text, starts, ends } = reading.lines
  const { enter, leave } = span
  const { merge } = collector.intake
  for (let index = span.from; index < span.to; index++) {
    const value = read(text, starts[index] ?? 0, ends[index] ?? 0)
    if (Number.isNaN(value)) readEntry(collector, stream, span, reading, index, timeNs)
    else addSample(samples, enter, leave, value, merge)
  }
}

function readEntry(
  collector: Collector,
  stream: StreamPipeline,
  span: Span,
  reading: Reading,
  index: number,
  timeNs: () => bigint,
): void {
  const { block, lines } = reading
  reading.index = index
  reading.line = lines.text.slice(lines.starts[index], lines.ends[index])
  const metadata = block.hasMetadata === false ? undefined : lines.metadata(index)
  const processed = stream.process(timeNs, reading.line, metadata)
  if (processed !== undefined) take(collector, processed, span, reading)
}

/** Makes the sample of an entry and puts it into its series. */
function take(collector: Collector, processed: Processed, span: Span, reading: Reading): void {
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
  const samples = samplesOf(collector, findSeries(finder, labelled), intake)
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
