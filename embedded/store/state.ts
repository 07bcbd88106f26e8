import { type Labels } from '../../logql/source.ts'
import { type EncodedBlock } from './block.ts'
import { type LogFile } from './log-file.ts'
import { type LogRecord } from './log-record.ts'
import { type OpenBlock } from './open-block.ts'
import { type OpenFiles } from './open-files.ts'
import { type Caches, type StoredBlock } from './read.ts'
import { type Draft, type Segment } from './segment.ts'
import { type Listener } from './store.ts'

/** How a store behaves; each has a default. */
export type StoreOptions = {
  /** Told in a sentence what was put right, or could not be done, without anybody losing anything acknowledged. */
  onNotice: (message: string) => void
  /** A log of that many bytes becomes a segment. Opening reads one or two logs again, more after a full disk. */
  logBytes: number
  /** How often the log is forced to the disk; 0 for never. Once a second cost nothing that could be measured. */
  syncSeconds: number
  /** Ms since 1970. */
  nowMs: () => number
}

/** An open store. */
export type State = {
  folder: string
  options: StoreOptions
  tenants: Map<string, Tenant>
  segments: Segment[]
  /** The oldest first, never empty; the last one is added to. */
  heads: Head[]
  sealing: Sealing | undefined
  /** Why sealing failed, and when it may be tried again (ms since 1970). */
  sealFailure: { error: unknown; againMs: number } | undefined
  /** Entries before are left out of answers. */
  oldestNs: bigint
  files: OpenFiles
  caches: Caches
  keys: Keys
  record: LogRecord
  listeners: Set<Listener>
  isClosed: boolean
}

/** A stream of a tenant and where its entries are: in segments, then in heads, the oldest first. */
export type Stream = {
  tenant: string
  key: string
  labels: Labels
  /** Its key and labels as the log has them. */
  definition: Buffer
  segments: SegmentPart[]
  heads: HeadStream[]
  /** The time of the newest entry in segments. */
  sealedNewestNs: bigint | undefined
  /** When it was last written to, ms since 1970; 0 when that was before the store was opened. */
  writtenMs: number
}

/** Blocks of a stream in a segment, which follow each other. */
export type SegmentPart = { segment: Segment; firstBlock: number; blocks: number }

/** The streams of a tenant, by key and by each of their labels. */
export type Tenant = {
  name: string
  streams: Map<string, Stream>
  byLabel: Map<string, Map<string, Set<Stream>>>
}

/** What a log holds, in memory. The last head of a store is added to, those before wait to become segments. */
export type Head = { log: LogFile; streams: Map<Stream, HeadStream> }

/** A stream's entries in a head: full blocks, encoded, and those that are added to (see `openFor`). */
export type HeadStream = { stream: Stream; full: (StoredBlock & EncodedBlock)[]; open: OpenBlock[] }

/** Numbers for blocks: each is given once in a process. */
export type Keys = { next: number }

/**
 * A head on its way into a segment. Its draft is written, then forced to the disk, then it gets its name and
 * takes the head's place, and when that name is on the disk, the log is deleted: at any moment the entries
 * are in the log or in the segment, and the segment's number tells which logs it replaces.
 */
export type Sealing = {
  head: Head
  draft: Draft
  writer: Generator<undefined, undefined>
  step: 'writing' | 'syncing' | 'named'
  /** The system works on the draft: it is closed when that ends. */
  isBusy: boolean
}
