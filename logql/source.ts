import { type Matcher } from './ast.ts'

/**
 * Labels by name. A Map, since a name may be any of an object's own (`__proto__`, `constructor`). No label
 * has an empty value: that is the same as not having it.
 */
export type Labels = ReadonlyMap<string, string>

/** No labels: a single object, so that `===` recognizes it. */
export const NO_LABELS: Labels = new Map()

/**
 * Entries of one stream, ordered by time (equal times in the order in which they came). What costs
 * something to read is read when it is asked for; a block may be asked again and answers the same.
 */
export type Block = {
  count: number
  /** Times of the first and of the last entry, ns since 1970; less than 2^53 ns (104 days) apart. */
  firstNs: bigint
  lastNs: bigint
  /** The bytes of all lines, as UTF-8. */
  bytes: number
  /** Whether an entry has structured metadata; undefined where only reading the lines tells. */
  hasMetadata?: boolean
  /** Each entry's time in ns after `firstNs`, ascending. */
  times: () => Float64Array
  lines: () => Lines
}

/**
 * The lines of a block in one text: line `i` is `text.slice(starts[i], ends[i])`. Text between two lines is part of
 * neither. Invalid UTF-8 is read as U+FFFD.
 */
export type Lines = {
  text: string
  starts: Uint32Array
  ends: Uint32Array
  /** The size of line `i` in bytes, as it was pushed. */
  byteLength: (index: number) => number
  /** Structured metadata of entry `i`: names and values; undefined when it has none. */
  metadata: (index: number) => Labels | undefined
}

/** A stream with those of its blocks that may have entries in the time that was asked for. */
export type SelectedStream = { labels: Labels; blocks: readonly Block[] }

/** Where a query finds its entries. */
export type Source = {
  /**
   * The streams that match all matchers and may have entries in [fromNs, toNs] (both included). Blocks may
   * begin before and end after it, may overlap, and come in the order of their first entries. Yields now and
   * then where there are many, so that a server can do other things.
   */
  select: (
    matchers: readonly Matcher[],
    fromNs: bigint,
    toNs: bigint,
  ) => Generator<void, readonly SelectedStream[]>
}

/** A block of entries in memory, as tests and small sources make it. Times must be ascending. */
export function blockOf(
  entries: readonly { timeNs: bigint; line: string; metadata?: Labels | undefined }[],
): Block {
  const firstNs = entries[0]?.timeNs ?? 0n
  const text = entries.map(({ line }) => line).join('\n')
  const starts = new Uint32Array(entries.length)
  const ends = new Uint32Array(entries.length)
  const sizes = entries.map(({ line }) => Buffer.byteLength(line))
  let at = 0
  entries.forEach(({ line }, index) => {
    starts[index] = at
    ends[index] = at + line.length
    at += line.length + 1
  })
  return {
    count: entries.length,
    firstNs,
    lastNs: entries.at(-1)?.timeNs ?? firstNs,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    hasMetadata: entries.some(({ metadata }) => metadata !== undefined),
    times: () => Float64Array.from(entries, ({ timeNs }) => Number(timeNs - firstNs)),
    lines: () => ({
      text,
      starts,
      ends,
      byteLength: (index) => sizes[index] ?? 0,
      metadata: (index) => entries[index]?.metadata,
    }),
  }
}
