import { type Block, type Lines } from '../source.ts'
import { linesWith } from '../stages/lines-with.ts'
import { type StreamPipeline } from '../stages/pipeline.ts'

/** A span of time, whose times are compared as numbers: ns since `baseNs`, exact below 2^53. */
export type Span = { baseNs: bigint; lengthNs: number; isForward: boolean }

/** The position of a reader in a block. */
export type Cursor = {
  pipeline: StreamPipeline
  block: Block
  /** Breaks ties of time: streams in their order, then blocks in theirs. */
  order: number
  /** No entry that is still to come is before this time; it is that of the next once the block is open. */
  timeNs: number
  /** Undefined until the block is opened. */
  reading: Reading | undefined
}

/**
 * Entries [next, end) by direction are still to come; `indices`, where there are, say which lines they are.
 */
type Reading = {
  times: Float64Array
  lines: Lines
  offsetNs: number
  indices: readonly number[] | undefined
  next: number
  end: number
}

/** A cursor on a block that is not open yet; undefined when none of its entries is in the span. */
export function cursorOn(
  block: Block,
  pipeline: StreamPipeline,
  order: number,
  { baseNs, lengthNs, isForward }: Span,
): Cursor | undefined {
  const first = Number(block.firstNs - baseNs)
  const last = Number(block.lastNs - baseNs)
  if (block.count === 0 || last < 0 || first >= lengthNs) return undefined
  const timeNs = isForward ? Math.max(first, 0) : Math.min(last, lengthNs)
  return { pipeline, block, order, timeNs, reading: undefined }
}

/**
 * Opens the block at the first entry in the span, or, if a text is `wanted`, at the first one whose line contains it;
 * false when there is none.
 */
export function open(
  cursor: Cursor,
  { baseNs, lengthNs, isForward }: Span,
  wanted: string | undefined,
): boolean {
  const { block } = cursor
  const times = block.times()
  const lines = block.lines()
  const offsetNs = Number(block.firstNs - baseNs)
  const low = firstNotBefore(times, -offsetNs)
  const high = firstNotBefore(times, lengthNs - offsetNs)
  const indices = wanted === undefined ? undefined : linesWith(lines, wanted, low, high)
  const [from, to] = indices === undefined ? [low, high] : [0, indices.length]
  if (from >= to) return false
  const reading = isForward
    ? { times, lines, offsetNs, indices, next: from, end: to }
    : { times, lines, offsetNs, indices, next: to - 1, end: from - 1 }
  cursor.reading = reading
  cursor.timeNs = offsetNs + (times[indexOf(reading)] ?? 0)
  return true
}

/** Goes to the next entry; false when there is none. */
export function advance(cursor: Cursor, reading: Reading, isForward: boolean): boolean {
  reading.next += isForward ? 1 : -1
  if (reading.next === reading.end) return false
  cursor.timeNs = reading.offsetNs + (reading.times[indexOf(reading)] ?? 0)
  return true
}

/** The index in the block of the entry that comes next. */
export const indexOf = ({ indices, next }: Reading): number =>
  indices === undefined ? next : (indices[next] ?? 0)

function firstNotBefore(times: Float64Array, time: number): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] ?? 0) < time) low = middle + 1
    else high = middle
  }
  return low
}
