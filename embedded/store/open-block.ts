import { type Arrived, startOf } from './columns.ts'
import { SEPARATOR } from './lines.ts'

/** The span of a block in ns: the distance of any two of its times must be an exact number. */
const MAX_SPAN_NS = Number.MAX_SAFE_INTEGER
const FIRST_TEXT_BYTES = 512
const NS_PER_SECOND = 1e9

/**
 * The block that a stream's entries are added to. What is added never moves: who holds the arrays and the
 * count of a moment has the block of that moment.
 */
export type OpenBlock = {
  baseSeconds: number
  baseNanos: number
  /** Ns after the base, exact; below 0 for earlier ones. */
  offsets: number[]
  ends: number[]
  text: Buffer
  metadata: string[] | undefined
  metadataBytes: number
  earliest: number
  latest: number
  isSorted: boolean
  seen: Seen | undefined
}

/** By time: the index of the only entry that has it, or lines and metadata of all that have. */
type Seen = Map<number, number | Set<string>>

/** An empty block for entries around a time. */
export const newOpenBlock = (baseSeconds: number, baseNanos: number): OpenBlock => ({
  baseSeconds,
  baseNanos,
  offsets: [],
  ends: [],
  text: Buffer.allocUnsafeSlow(FIRST_TEXT_BYTES),
  metadata: undefined,
  metadataBytes: 0,
  earliest: Number.POSITIVE_INFINITY,
  latest: Number.NEGATIVE_INFINITY,
  isSorted: true,
  seen: undefined,
})

/** A time as the block keeps it. It is exact when `fits` says so. */
export const offsetOf = (block: OpenBlock, seconds: number, nanos: number): number =>
  (seconds - block.baseSeconds) * NS_PER_SECOND + (nanos - block.baseNanos)

/** Whether an entry can be added without the block spanning 2^53 ns or more. */
export const fits = (block: OpenBlock, offset: number): boolean =>
  Math.max(block.latest, offset, 0) - Math.min(block.earliest, offset, 0) <= MAX_SPAN_NS

/** The bytes of lines, separators and metadata. */
export const sizeOf = (block: OpenBlock): number =>
  (block.ends.at(-1) ?? 0) + block.offsets.length + block.metadataBytes

/** Whether the block has an entry of that time, line and metadata. Only equal times cost a comparison. */
export function isDouble(block: OpenBlock, offset: number, line: Buffer, metadata: string): boolean {
  if (offset > block.latest) return false
  block.seen ??= seenIn(block)
  const known = block.seen.get(offset)
  if (known === undefined) return false
  if (typeof known !== 'number') return known.has(fingerprint(line, metadata))
  const isSameLine = line.compare(block.text, startOf(block.ends, known), block.ends[known]) === 0
  return isSameLine && metadata === (block.metadata?.[known] ?? '')
}

/** Adds an entry. The bytes of the line are copied. */
export function add(block: OpenBlock, offset: number, line: Buffer, metadata: string): void {
  const { offsets, ends } = block
  const start = startOf(ends, offsets.length)
  const end = start + line.length
  if (end > block.text.length) block.text = grown(block.text, end)
  if (start > 0) block.text[start - 1] = SEPARATOR
  line.copy(block.text, start)
  if (metadata !== '' || block.metadata !== undefined) {
    block.metadata ??= Array<string>(offsets.length).fill('')
    block.metadata.push(metadata)
    block.metadataBytes += metadata.length
  }
  if (block.seen !== undefined) note(block, block.seen, offset, offsets.length, line, metadata)
  offsets.push(offset)
  ends.push(end)
  if (offset < block.latest) block.isSorted = false
  else block.latest = offset
  if (offset < block.earliest) block.earliest = offset
}

function grown(text: Buffer, needed: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * text.length))
  text.copy(larger)
  return larger
}

function seenIn(block: OpenBlock): Seen {
  const seen: Seen = new Map()
  block.offsets.forEach((offset, index) => {
    note(block, seen, offset, index, lineAt(block, index), block.metadata?.[index] ?? '')
  })
  return seen
}

function note(
  block: OpenBlock,
  seen: Seen,
  offset: number,
  index: number,
  line: Buffer,
  metadata: string,
): void {
  const known = seen.get(offset)
  if (known === undefined) seen.set(offset, index)
  else if (typeof known !== 'number') known.add(fingerprint(line, metadata))
  else {
    const first = fingerprint(lineAt(block, known), block.metadata?.[known] ?? '')
    seen.set(offset, new Set([first, fingerprint(line, metadata)]))
  }
}

const lineAt = ({ text, ends }: OpenBlock, index: number): Buffer =>
  text.subarray(startOf(ends, index), ends[index])

/** A text that only the same line with the same metadata has: the first line of it is the metadata. */
const fingerprint = (line: Buffer, metadata: string): string => `${metadata}\n${line.toString('latin1')}`

/** The block as it is now, whatever is added to it later. */
export const arrivedIn = (block: OpenBlock): Arrived => ({
  baseNs: BigInt(block.baseSeconds) * 1_000_000_000n + BigInt(block.baseNanos),
  offsets: block.offsets,
  ends: block.ends,
  text: block.text,
  metadata: block.metadata,
  count: block.offsets.length,
  isSorted: block.isSorted,
  earliest: block.earliest,
})

/** What takes an open block back to a moment. */
export type Mark = Pick<OpenBlock, 'metadataBytes' | 'earliest' | 'latest' | 'isSorted'> & { count: number }

/** The moment to which `restore` takes the block back. */
export const markOf = ({ metadataBytes, earliest, latest, isSorted, offsets }: OpenBlock): Mark => ({
  metadataBytes,
  earliest,
  latest,
  isSorted,
  count: offsets.length,
})

/** Takes out what was added since the mark. */
export function restore(block: OpenBlock, { count, ...facts }: Mark): void {
  Object.assign(block, facts)
  block.offsets.length = count
  block.ends.length = count
  if (block.metadata !== undefined) block.metadata.length = count
  block.seen = undefined
}
