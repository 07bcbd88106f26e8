import { type Columns } from './block.ts'
import { SEPARATOR } from './lines.ts'

/**
 * How many bytes (lines and metadata) make a block. Blocks of 60, 120 and 250 KB compress alike; strings
 * above 128 KB leave V8's young generation, and decoding them took five times as long.
 */
export const BLOCK_BYTES = 100_000

/** Entries in the order in which they came, not yet sorted. Times are ns after `baseNs`. */
export type Arrived = {
  baseNs: bigint
  offsets: readonly number[]
  /** Where each line ends in `text`; the next begins after one separator. */
  ends: readonly number[]
  text: Buffer
  metadata: readonly string[] | undefined
  /** How many entries count: the arrays may have grown since. */
  count: number
  isSorted: boolean
  earliest: number
}

/** Sorts entries by time; those of equal times stay in the order in which they came. Pure. */
export function sorted(arrived: Arrived): Columns {
  const { offsets, ends, count, earliest, baseNs, text, metadata, isSorted } = arrived
  const order = isSorted ? undefined : orderOf(offsets, count)
  const result: Columns = {
    firstNs: baseNs + BigInt(earliest),
    offsets: new Float64Array(count),
    byteLengths: new Uint32Array(count),
    text: text.subarray(0, ends[count - 1] ?? 0),
    metadata: order === undefined ? metadata?.slice(0, count) : undefined,
  }
  for (let index = 0; index < count; index++) {
    const from = order?.[index] ?? index
    result.offsets[index] = (offsets[from] ?? 0) - earliest
    result.byteLengths[index] = (ends[from] ?? 0) - startOf(ends, from)
  }
  if (order === undefined) return result
  return {
    ...result,
    text: gathered(result.text, ends, order),
    metadata: metadata && Array.from(order, (index) => metadata[index] ?? ''),
  }
}

/** Where line `index` begins. */
export const startOf = (ends: readonly number[], index: number): number =>
  index === 0 ? 0 : (ends[index - 1] ?? 0) + 1

const orderOf = (offsets: readonly number[], count: number): Uint32Array =>
  Uint32Array.from({ length: count }, (_, index) => index).sort(
    (a, b) => (offsets[a] ?? 0) - (offsets[b] ?? 0) || a - b,
  )

function gathered(text: Buffer, ends: readonly number[], order: Uint32Array): Buffer {
  const target = Buffer.allocUnsafeSlow(text.length)
  let at = 0
  for (const index of order) {
    if (index !== order[0]) target[at++] = SEPARATOR
    at += text.copy(target, at, startOf(ends, index), ends[index])
  }
  return target
}

/** Cuts entries into blocks of about the same size, each of BLOCK_BYTES or a bit more. Pure. */
export function split(columns: Columns): Columns[] {
  const sizes = Array.from(columns.byteLengths, (size, index) => size + metadataSize(columns, index))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const pieceBytes = total / Math.max(1, Math.floor(total / BLOCK_BYTES))
  const pieces: Columns[] = []
  let first = 0
  let firstByte = 0
  let taken = 0
  let endByte = -1
  for (let index = 0; index < sizes.length; index++) {
    taken += sizes[index] ?? 0
    endByte += 1 + (columns.byteLengths[index] ?? 0)
    if (taken < pieceBytes && index < sizes.length - 1) continue
    pieces.push(slice(columns, first, index + 1, firstByte, endByte))
    taken = 0
    first = index + 1
    firstByte = endByte + 1
  }
  return pieces
}

/** With the newline that separates the line from the next. */
const metadataSize = ({ metadata }: Columns, index: number): number => 1 + (metadata?.[index]?.length ?? 0)

function slice(columns: Columns, from: number, to: number, fromByte: number, toByte: number): Columns {
  const start = columns.offsets[from] ?? 0
  return {
    firstNs: columns.firstNs + BigInt(start),
    offsets: columns.offsets.subarray(from, to).map((offset) => offset - start),
    byteLengths: columns.byteLengths.subarray(from, to),
    text: columns.text.subarray(fromByte, toByte),
    metadata: columns.metadata?.slice(from, to),
  }
}
