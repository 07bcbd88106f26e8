import { type Block, type Labels, NO_LABELS } from '../source.ts'
import { linesWith } from '../stages/lines-with.ts'
import { type StreamPipeline } from '../stages/pipeline.ts'
import { type Collector, type Reading, readingTime, samplesOf, take } from './collector.ts'
import { type DirectNumber } from './direct-number.ts'
import { findSeries } from './find-series.ts'
import { groupLabels } from './labels.ts'
import { isTime, newPace } from './pace.ts'
import { addSample, type Samples } from './samples.ts'
import { internSeries, type Series } from './series.ts'
import { type Span, spansOf } from './windows.ts'

/** A stream whose blocks are read; `counted` are the samples of blocks whose lines need not be read. */
export type ReadStream = { labels: Labels; pipeline: StreamPipeline; counted: Samples | undefined }

/** Adds the entries of a block to the series of their stream without reading the lines. */
export function countEntries(collector: Collector, stream: ReadStream, block: Block): void {
  const { expr, table, windows, intake } = collector
  const spans = spansOf(block, windows)
  if (spans.length === 0) return
  if (stream.counted === undefined) {
    const { labels } = stream
    const grouped = expr.grouping === undefined ? labels : groupLabels(labels, expr.grouping)
    stream.counted = samplesOf(collector, internSeries(table, grouped))
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

/** Sends the entries of a block that are in a window, and may pass its line filters, through the pipeline. Yields when that takes long. */
export function* readEntries(
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
  const samples = isDirect ? samplesOf(collector, seriesOf(collector, labels)) : undefined
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

/** Reads plain numbers directly from the lines; the other lines go through the pipeline. */
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
