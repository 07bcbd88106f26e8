import { type Block, type Lines } from '../../logql/source.ts'
import { type BlockFacts, type Columns, decodeLines, decodeTimes, type SectionName } from './block.ts'
import { type Cache, cached, createCache } from './cache.ts'
import { type Arrived, sorted } from './columns.ts'
import { linesOf } from './lines.ts'

/** The decoded blocks that were asked for lately. */
export type Caches = { times: Cache<Float64Array>; lines: Cache<Lines> }

/** The times of a million entries and the lines of about 200 blocks: 32 MB in all. */
export const createCaches = (): Caches => ({
  times: createCache(8 * 1024 * 1024, 20_000),
  lines: createCache(24 * 1024 * 1024, 200),
})

/** A block of a segment or of the head, and how its sections are read. The key is its own in this process. */
export type StoredBlock = {
  facts: BlockFacts
  key: number
  hasMetadata: boolean
  read: (section: SectionName) => Buffer
}

/** The block as a query reads it: nothing is read before it is asked for. */
export const asBlock = ({ facts, key, read, hasMetadata }: StoredBlock, caches: Caches): Block => ({
  count: facts.count,
  bytes: facts.bytes,
  firstNs: facts.firstNs,
  lastNs: facts.lastNs,
  hasMetadata,
  times: () =>
    cached(
      caches.times,
      key,
      () => decodeTimes(read('times'), facts.count),
      ({ byteLength }) => byteLength,
    ),
  lines: () =>
    cached(
      caches.lines,
      key,
      () => decodeLines(read('lines'), facts.count, () => read('metadata')),
      memoryOf,
    ),
})

/** At most about the bytes that decoded lines take: V8 may keep two a character when one is not ASCII. */
const memoryOf = ({ text, starts, byteLength }: Lines): number => {
  const last = starts.length - 1
  const isAscii = text.length >= (starts[last] ?? 0) + byteLength(last)
  return text.length * (isAscii ? 1 : 2) + 2 * starts.byteLength
}

/** Entries that are not stored as a block yet, as a query reads them: those there are now. */
export function arrivedAsBlock(arrived: Arrived, latest: number): Block {
  let columns: Columns | undefined
  let lines: Lines | undefined
  const { count, ends, baseNs, earliest } = arrived
  return {
    count,
    hasMetadata: arrived.metadata !== undefined,
    bytes: (ends[count - 1] ?? 0) - (count - 1),
    firstNs: baseNs + BigInt(earliest),
    lastNs: baseNs + BigInt(latest),
    times() {
      columns ??= sorted(arrived)
      return columns.offsets
    },
    lines() {
      columns ??= sorted(arrived)
      const { text, byteLengths, metadata } = columns
      lines ??= linesOf(text, byteLengths, () => metadata)
      return lines
    },
  }
}

/** The block without its entries before that time, at least one of which it has, and one after. */
export function since(block: Block, oldestNs: bigint): Block {
  const times = block.times()
  const oldest = Number(oldestNs - block.firstNs)
  const from = times.findIndex((time) => time >= oldest)
  const first = times[from] ?? 0
  const { byteLength } = block.lines()
  let bytes = 0
  for (let index = from; index < block.count; index++) bytes += byteLength(index)
  return {
    ...block,
    count: block.count - from,
    bytes,
    firstNs: block.firstNs + BigInt(first),
    lastNs: block.lastNs,
    times: () =>
      block
        .times()
        .subarray(from)
        .map((time) => time - first),
    lines() {
      const lines = block.lines()
      return {
        text: lines.text,
        starts: lines.starts.subarray(from),
        ends: lines.ends.subarray(from),
        byteLength: (index) => lines.byteLength(from + index),
        metadata: (index) => lines.metadata(from + index),
      }
    },
  }
}
