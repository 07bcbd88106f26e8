import { type Gap } from '../../kafka/consumer/cursor.ts'
import { type Beginning, type Fetched } from '../../kafka/consumer/handler.ts'
import { placeOf, type TopicPartition } from '../../kafka/consumer/partitions.ts'
import { type DecodedRecord } from '../../kafka/decoded-record.ts'
import { type Batch } from '../batch/batch.ts'
import { type Mark } from './mark.ts'

/** What was taken from Kafka, and waits. A gap holds no records, but what the log may have lost makes uncertain. */
type Waiting = { records: readonly DecodedRecord[]; nextOffset: number; uncertainUntil?: number }

/**
 * The way of one partition's records to Loki, as a value: taken from Kafka, in flight as a batch, acknowledged,
 * committed. The functions below say what each event makes of it.
 */
export type LaneState = {
  /** The generation of the group in which this member came to own the partition. */
  readonly generation: number
  /** The offset that the next records from Kafka have to begin at. */
  readonly expected: number
  readonly queue: readonly Waiting[]
  readonly queuedBytes: number
  /** How many records of the queue's first are acknowledged already. */
  readonly position: number
  /** Everything before this offset is acknowledged: stored in Loki, or a dead letter. */
  readonly acknowledged: number
  /** A commit says that records before this offset may be pushed. */
  readonly allowedUntil: number
  /** A predecessor may have pushed records before this offset. */
  readonly uncertainUntil: number
  readonly endOffset: number
  readonly inFlight: Batch | undefined
  /** The batch in flight may have reached Loki. */
  readonly isPushed: boolean
  /** The event time that the last batch reached, in seconds. */
  readonly reachedSeconds: number | undefined
  /** When Kafka got the oldest record that is acknowledged, but not committed. */
  readonly uncommittedMs: number | undefined
  readonly isClosed: boolean
}

/** How many offsets beyond the committed one may be pushed: what a successor has to ask Loki for after a crash. */
export const AHEAD = 20_000

export const opened = (
  { generation, offset }: Pick<Beginning, 'generation' | 'offset'>,
  mark: Mark,
): LaneState => ({
  ...{ generation, expected: offset, acknowledged: offset, allowedUntil: offset, endOffset: offset },
  ...{ queue: [], queuedBytes: 0, position: 0, uncertainUntil: mark.until },
  ...{ inFlight: undefined, isPushed: false, reachedSeconds: undefined, uncommittedMs: undefined },
  isClosed: false,
})

/** Records came. Throws for such of another generation, or that do not begin where the last ones ended. */
export function received(lane: LaneState, fetched: Fetched): LaneState {
  const { records, firstOffset, nextOffset, endOffset } = fetched
  refuseStale(lane, fetched, firstOffset)
  const queuedBytes = lane.queuedBytes + bytesOf(records)
  return {
    ...lane,
    queue: [...lane.queue, { records, nextOffset }],
    queuedBytes,
    expected: nextOffset,
    endOffset,
  }
}

/** Kafka lost records before they were read. What it may have lost and got anew, Loki is asked for. Throws as `received`. */
export function skipped(lane: LaneState, gap: Gap): LaneState {
  refuseStale(lane, gap, gap.from)
  const waiting: Waiting = { records: [], nextOffset: gap.to }
  const queue = [
    ...lane.queue,
    gap.cause === 'truncated' ? { ...waiting, uncertainUntil: gap.from } : waiting,
  ]
  return { ...lane, queue, expected: gap.to }
}

function refuseStale(lane: LaneState, of: TopicPartition & { generation: number }, from: number) {
  if (of.generation === lane.generation && from === lane.expected) return
  throw new Error(
    `${placeOf(of)} got records from offset ${from} of generation ${of.generation}; expected were ${lane.expected} of ${lane.generation}`,
  )
}

/** A batch of the queue's first records is to be pushed next. Offsets before it that hold no record are passed. */
export function began(lane: LaneState, batch: Batch): LaneState {
  const first = batch.records[0]?.offsetNumber ?? lane.acknowledged
  return { ...lane, inFlight: batch, acknowledged: Math.max(lane.acknowledged, first) }
}

/** The batch in flight is being pushed. */
export const pushing = (lane: LaneState): LaneState => ({ ...lane, isPushed: true })

/** All records of the batch in flight are stored or dead letters. */
export function acknowledged(lane: LaneState): LaneState {
  const { inFlight: batch } = lane
  if (batch === undefined) return lane
  return {
    ...passedRecords(lane, batch.records),
    inFlight: undefined,
    isPushed: false,
    reachedSeconds: batch.newestSeconds,
  }
}

/** The next records need not be pushed: they are dead letters. */
export function passedRecords(lane: LaneState, records: readonly DecodedRecord[]): LaneState {
  const last = records.at(-1)
  if (last === undefined) return lane
  return {
    ...lane,
    position: lane.position + records.length,
    queuedBytes: lane.queuedBytes - bytesOf(records),
    acknowledged: last.offsetNumber + 1,
    uncommittedMs: lane.uncommittedMs ?? records[0]?.timestampMs,
  }
}

/** The queue's first is used up: what stands behind its last record, markers of transactions or a gap, is passed. */
export function finished(lane: LaneState): LaneState {
  const [first, ...queue] = lane.queue
  if (first === undefined) return lane
  const uncertainUntil = Math.max(lane.uncertainUntil, first.uncertainUntil ?? 0)
  return { ...lane, queue, position: 0, acknowledged: first.nextOffset, uncertainUntil }
}

export const committed = (lane: LaneState, { offset, until }: Mark): LaneState => ({
  ...lane,
  allowedUntil: until,
  uncommittedMs: offset === lane.acknowledged ? undefined : lane.uncommittedMs,
})

export const closed = (lane: LaneState): LaneState => ({ ...lane, isClosed: true })

/** What is to be committed now. */
export function markOf(lane: LaneState): Mark {
  const { acknowledged: offset, uncertainUntil, isClosed } = lane
  if (!isClosed) return { offset, until: Math.max(offset + AHEAD, uncertainUntil) }
  // Closed, nothing is pushed any more: only what a batch began, or a predecessor, is uncertain.
  return { offset, until: Math.max(lane.isPushed ? lane.allowedUntil : offset, uncertainUntil) }
}

/** Whether a commit allows to push the batch in flight. */
export const isAllowed = ({ inFlight, acknowledged: offset, allowedUntil }: LaneState): boolean =>
  (inFlight?.records.at(-1)?.offsetNumber ?? offset) < allowedUntil

/** Whether a predecessor may have pushed the batch in flight. */
export const isUncertain = ({ inFlight, acknowledged: offset, uncertainUntil }: LaneState): boolean =>
  (inFlight?.records[0]?.offsetNumber ?? offset) < uncertainUntil

/** How a lane does, for metrics and for partitions that share a stream. */
export type LaneStatus = {
  /** Everything before this offset is stored or a dead letter. */
  acknowledged: number
  /** Offsets between what is acknowledged and the partition's end. */
  lag: number
  /** When Kafka got the oldest record that is not acknowledged, and the oldest that is not committed. */
  oldestWaitingMs: number | undefined
  oldestUncommittedMs: number | undefined
  /** How far it is in event time: where the batch in flight begins, or the last one ended while records wait. */
  headSeconds: number | undefined
  /** The batch in flight may be pushed, but for the other partitions of its topic: they are behind in event time. */
  waitsItsTurn: boolean
}

export function statusOf(lane: LaneState): LaneStatus {
  const oldestWaitingMs = lane.queue[0]?.records[lane.position]?.timestampMs
  const isBehind = lane.endOffset > lane.acknowledged
  return {
    acknowledged: lane.acknowledged,
    lag: Math.max(0, lane.endOffset - lane.acknowledged),
    oldestWaitingMs,
    oldestUncommittedMs: lane.uncommittedMs ?? oldestWaitingMs,
    headSeconds: lane.inFlight?.oldestSeconds ?? (isBehind ? lane.reachedSeconds : undefined),
    waitsItsTurn: lane.inFlight !== undefined && !lane.isPushed && isAllowed(lane),
  }
}

function bytesOf(records: readonly DecodedRecord[]): number {
  let bytes = 0
  for (const { byteLength } of records) bytes += byteLength
  return bytes
}
