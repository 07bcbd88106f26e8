import { type Matcher } from '../../logql/ast.ts'
import { type Labels, type Source } from '../../logql/source.ts'

/** One entry to store. The time is split because a nanosecond does not fit a JavaScript number. */
export type NewEntry = { seconds: number; nanos: number; line: Buffer; metadata: Labels | undefined }

/** Entries of one stream, in the order in which they came. `key` is its labels as Loki writes them, sorted by name. */
export type NewStream = { key: string; labels: Labels; entries: readonly NewEntry[] }

/**
 * What is known of one stream without reading its entries: those of its blocks that reach into the time that was
 * asked for. Bytes are those of its lines. `sealed` tells of those blocks alone that are in segments.
 */
export type StreamFacts = {
  key: string
  labels: Labels
  entries: number
  bytes: number
  firstNs: bigint
  lastNs: bigint
  sealed: { blocks: number; entries: number; bytes: number }
}

/** What is stored for one tenant. */
export type TenantStore = {
  /** See `Source.select`. */
  select: Source['select']
  /** The streams that match all matchers and may have entries in [fromNs, toNs]. Yields as `select` does. */
  streams: (
    matchers: readonly Matcher[],
    fromNs: bigint,
    toNs: bigint,
  ) => Generator<void, readonly StreamFacts[]>
  /** The time of a stream's newest entry; undefined for a stream that is not there. */
  newestNs: (key: string) => bigint | undefined
  /** How many streams have been written to lately, as Loki's limit on streams counts them. */
  activeStreams: () => number
}

/** Entries that were just stored, for those who follow a tail. */
export type Listener = (tenant: string, streams: readonly NewStream[]) => void

/** An append-only store in one folder, which one process has open at a time. */
export type Store = {
  /**
   * Stores the entries, all or none. When it returns they are in the operating system's hands and visible
   * to queries: a killed process loses none of them. An entry of the same time, line and metadata as one that came
   * shortly before (in the stream's newest block) is dropped, as Loki does. Throws DISK_FULL where the disk takes no
   * more and PATH_NOT_WRITABLE where it fails; nothing of the push is stored then, and earlier ones stay.
   */
  append: (tenant: string, streams: readonly NewStream[]) => void
  /** Undefined for a tenant that never wrote. */
  tenant: (name: string) => TenantStore | undefined
  tenants: () => readonly string[]
  /** Tells of every append from now on, until the returned function is called. */
  listen: (listener: Listener) => () => void
  /**
   * Drops what is older than that; whole segments from the disk, single entries from answers. The space of a
   * deleted segment is given back at the next call: a query may still be reading it.
   */
  retain: (oldestNs: bigint) => void
  /** Writes what is only in the log into segments, and closes the files. */
  close: () => void
}
