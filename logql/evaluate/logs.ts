import { type LogExpr } from '../ast.ts'
import { LogqlError } from '../error.ts'
import { type Labels, type Source } from '../source.ts'
import { requiredText } from '../stages/lines-with.ts'
import { allLabels, compilePipeline, type Pipeline, type Processed } from '../stages/pipeline.ts'
import { advance, type Cursor, cursorOn, indexOf, open, type Span } from './cursor.ts'
import { heapOf, removeFirst, replaceFirst, second } from './heap.ts'
import { compareLabels, labelsKey } from './labels.ts'
import { isTime, newPace } from './pace.ts'
import { sortedInPieces } from './sort.ts'

/** An entry as the pipeline left it, with its labels by where they come from. */
export type LogEntry = Processed & { timeNs: bigint }
/** The entries that have the same labels, in the order of the answer. */
export type LogStream = { labels: Labels; entries: LogEntry[] }
/** Ordered by their labels. */
export type LogResult = { streams: LogStream[] }

export type LogRange = {
  /** Included. */
  startNs: bigint
  /** Not included. */
  endNs: bigint
  /** The most entries of the answer, all streams together. */
  limit: number
  /** The most characters of lines in the answer, all together; no limit when left out. */
  maxCharacters?: number
  /** Which end of the range the entries are taken from, and how they are ordered. */
  direction: 'forward' | 'backward'
}

/** Spans are evaluated one after the other, since times are compared as numbers: 2^52 ns are 52 days. */
const MAX_SPAN_NS = 2n ** 52n
/** Blocks that are prepared between two yields. */
const CURSORS_BETWEEN_YIELDS = 256

/**
 * Evaluates a log query: the first `limit` entries that its pipeline keeps, by time. Reads no block that lies
 * behind the last of them. Entries of one time stand in the order of their streams and in that in which they
 * came, backward in the opposite one. Yields about once for each block. Throws LogqlError: `parse` as
 * `compilePipeline` does, `limit` for a template that does too much, and for an answer that is too large.
 */
export function* evaluateLogs(expr: LogExpr, source: Source, range: LogRange): Generator<void, LogResult> {
  const pipeline = compilePipeline(expr.stages)
  const wanted = requiredText(expr.stages)
  const found = new Map<string, LogStream>()
  const { maxCharacters = Number.POSITIVE_INFINITY } = range
  let left = range.limit
  const size: Size = { characters: 0, maxCharacters }
  for (const span of spansOf(range)) {
    if (left === 0) break
    const entries = yield* entriesIn(expr, source, span, pipeline, wanted, left, size)
    left -= entries.length
    for (const [index, entry] of entries.entries()) {
      addEntry(found, entry)
      if (index % CURSORS_BETWEEN_YIELDS === 0) yield
    }
  }
  const streams = yield* sortedInPieces([...found.values()], (a, b) => compareLabels(a.labels, b.labels))
  return { streams }
}

function* spansOf({ startNs, endNs, direction }: LogRange): Generator<Span> {
  if (direction === 'forward') {
    for (let baseNs = startNs; baseNs < endNs; baseNs += MAX_SPAN_NS)
      yield { baseNs, lengthNs: Number(least(MAX_SPAN_NS, endNs - baseNs)), isForward: true }
    return
  }
  for (let spanEndNs = endNs; spanEndNs > startNs; spanEndNs -= MAX_SPAN_NS) {
    const length = least(MAX_SPAN_NS, spanEndNs - startNs)
    yield { baseNs: spanEndNs - length, lengthNs: Number(length), isForward: false }
  }
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

function* entriesIn(
  { matchers }: LogExpr,
  source: Source,
  span: Span,
  pipeline: Pipeline,
  wanted: string | undefined,
  limit: number,
  size: Size,
): Generator<void, LogEntry[]> {
  const endNs = span.baseNs + BigInt(span.lengthNs)
  const cursors: Cursor[] = []
  let order = 0
  for (const { labels, blocks } of yield* source.select(matchers, span.baseNs, endNs - 1n)) {
    if (order % CURSORS_BETWEEN_YIELDS === 0) yield
    const streamPipeline = pipeline.forStream(labels)
    for (const block of blocks) {
      const cursor = cursorOn(block, streamPipeline, order++, span)
      if (cursor !== undefined) cursors.push(cursor)
    }
  }
  const { isForward } = span
  const heap = heapOf(cursors, isForward ? isBefore : isAfter)
  const entries: LogEntry[] = []
  const pace = newPace()
  for (let [cursor] = heap.items; cursor !== undefined && entries.length < limit; [cursor] = heap.items) {
    const { reading } = cursor
    if (reading === undefined) {
      if (open(cursor, span, wanted)) replaceFirst(heap)
      else removeFirst(heap)
      yield
      continue
    }
    const rival = second(heap)
    let hasNext = true
    do {
      const index = indexOf(reading)
      const entry = process(cursor, index)
      if (entry !== undefined) {
        grow(size, entry)
        entries.push(entry)
      }
      hasNext = advance(cursor, reading, isForward)
      if (isTime(pace)) yield
    } while (hasNext && entries.length < limit && (rival === undefined || heap.before(cursor, rival)))
    if (hasNext) replaceFirst(heap)
    else removeFirst(heap)
  }
  return entries
}

/** How much of an answer there is. */
type Size = { characters: number; maxCharacters: number }

function grow(size: Size, { line }: LogEntry): void {
  size.characters += line.length
  if (size.characters > size.maxCharacters)
    throw new LogqlError(
      'limit',
      `the answer has more than ${size.maxCharacters} characters: ask for fewer lines or a shorter time`,
    )
}

const isBefore = (a: Cursor, b: Cursor): boolean =>
  a.timeNs < b.timeNs || (a.timeNs === b.timeNs && a.order < b.order)
const isAfter = (a: Cursor, b: Cursor): boolean => isBefore(b, a)

function process({ pipeline, block, reading }: Cursor, index: number): LogEntry | undefined {
  if (reading === undefined) return undefined
  const { lines, times } = reading
  const line = lines.text.slice(lines.starts[index], lines.ends[index])
  const timeNs = (): bigint => block.firstNs + BigInt(times[index] ?? 0)
  const processed = pipeline.process(
    timeNs,
    line,
    block.hasMetadata === false ? undefined : lines.metadata(index),
  )
  return processed === undefined ? undefined : { ...processed, timeNs: timeNs() }
}

function addEntry(found: Map<string, LogStream>, entry: LogEntry): void {
  const labels = allLabels(entry)
  const key = labelsKey(labels)
  const stream = found.get(key)
  if (stream === undefined) found.set(key, { labels, entries: [entry] })
  else stream.entries.push(entry)
}
