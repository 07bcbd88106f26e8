import { type FetchedPartition } from './decode-fetch.ts'
import { keyOf, type TopicPartition } from './partitions.ts'

/** Where the reading of an owned partition stands. */
export type Cursor = TopicPartition & {
  /** The generation in which this member came to own it. */
  readonly generation: number
  /** The offset to fetch next. */
  readonly offset: number
  /** Where the partition ended, as far as is known. */
  readonly endOffset: number
  /** Its records are being taken: no more are fetched. */
  readonly isBusy: boolean
  /** It is not fetched before that, in the clock's milliseconds. */
  readonly notBeforeMs: number
  /** How often the records at `offset` could not be read. */
  readonly unreadable: number
}
/** The owned partitions, by `keyOf`. */
export type Cursors = ReadonlyMap<string, Cursor>

export const newCursor = (
  { topic, partition }: TopicPartition,
  generation: number,
  offset: number,
): Cursor => ({
  ...{ topic, partition, generation, offset },
  ...{ endOffset: -1, isBusy: false, notBeforeMs: 0, unreadable: 0 },
})

/** The cursors to fetch now. Those that wait longest come first: a broker fills its answer in their order. */
export function dueAt(cursors: readonly Cursor[], nowMs: number): Cursor[] {
  return cursors.filter(({ isBusy, notBeforeMs }) => !isBusy && notBeforeMs <= nowMs)
}

/**
 * Whether an answer is to what the cursor would ask now. A partition that was given up, taken over again, or moved
 * meanwhile gets an answer to another question.
 */
export function isCurrent(cursors: Cursors, asked: Cursor): boolean {
  const now = cursors.get(keyOf(asked))
  return (
    now !== undefined && now.generation === asked.generation && now.offset === asked.offset && !now.isBusy
  )
}

/** What to do about the error that a partition's fetch was answered with. */
export type FetchProblem = 'none' | 'moved' | 'out of range' | 'forbidden' | 'other'

/** Errors of the protocol (kafka.apache.org/protocol, "Error Codes") by number. */
const OFFSET_OUT_OF_RANGE = 1
const TOPIC_AUTHORIZATION_FAILED = 29
/** Another broker leads the partition, or will soon. */
const MOVED = new Set([3, 5, 6, 9, 56, 74, 75, 76, 77, 100])

export function problemOf({ errorCode }: FetchedPartition): FetchProblem {
  if (errorCode === 0) return 'none'
  if (errorCode === OFFSET_OUT_OF_RANGE) return 'out of range'
  if (errorCode === TOPIC_AUTHORIZATION_FAILED) return 'forbidden'
  return MOVED.has(errorCode) ? 'moved' : 'other'
}

/** Records that the group had not read when they were gone, or that the log lost itself. */
export type Gap = {
  topic: string
  partition: number
  generation: number
  /** The offset that was asked for, and the one that reading goes on from. */
  from: number
  to: number
  /** `retention`: the first records were deleted. `truncated`: the log ends before `from`; it is read anew. */
  cause: 'retention' | 'truncated'
}

/** How to go on where the offset is out of the log's range; undefined when it is within again. Pure. */
export function gapAt(cursor: Cursor, earliest: number, latest: number): Gap | undefined {
  const { topic, partition, generation, offset: from } = cursor
  const at = { topic, partition, generation, from, to: earliest }
  if (from < earliest) return { ...at, cause: 'retention' }
  // The log was cut by an election, or the topic was made anew: what it holds now may not have been read.
  return from > latest ? { ...at, cause: 'truncated' } : undefined
}
