import { type DecodedRecord } from '../kafka/decoded-record.ts'
import { type Batch, takeBatch } from './batch.ts'
import { type Mark } from './mark.ts'
import { type Projected } from './project.ts'

/** Consecutive records of one partition as a fetch brought them. */
export type Fetched = {
  records: readonly DecodedRecord[]
  firstOffset: number
  /** The last offset of the fetch: behind the last record when a transaction's marker or tombstones follow it. */
  lastOffset: number
  /** Where the partition ended then. */
  endOffset: number
}

/** What a lane works with. */
export type LaneWork = {
  project: (record: DecodedRecord) => Projected
  batchBytes: number
  batchRecords: number
  /** The event times that a batch may span. */
  batchSeconds: () => number
  /** Waits until a batch may be pushed; false when the lane closed meanwhile. */
  turn: (batch: Batch) => Promise<boolean>
  /**
   * Pushes a batch until it is settled; false when it gave up. When it is uncertain whether a predecessor
   * pushed it, only what Loki does not have.
   */
  settle: (batch: Batch, isUncertain: boolean) => Promise<boolean>
  /** Told when the lane's mark has changed: something is to be committed. */
  onChange: () => void
  /** A defect: everything that can go wrong with Loki is handled by `settle`. */
  onError: (error: unknown) => void
}

/** The way of one partition's records to Loki, during one generation of the group: in order, one batch after the other. */
export type Lane = {
  add: (fetched: Fetched) => void
  /** Resolves when few enough bytes wait, or the lane is closed. */
  room: () => Promise<void>
  /** What is to be committed now. */
  mark: () => Mark
  /** Told what was committed: pushes may go up to its `until`. */
  committed: (mark: Mark) => void
  /** Closes the lane; resolves when nothing is under way. */
  close: () => Promise<void>
  stand: () => LaneStand
}

/** How a lane stands, for metrics and for lanes that share a stream. */
export type LaneStand = {
  /** Offsets between the watermark and the partition's end. */
  lag: number
  /** When Kafka got the oldest record that is not settled, and the oldest that is not committed. */
  oldestUnsettledMs: number | undefined
  oldestUncommittedMs: number | undefined
  /** How far it is in event time: where the batch at hand begins, or the last one ended while records wait. */
  headSeconds: number | undefined
}

/** How many offsets beyond the committed one may be pushed: what a successor has to ask Loki for after a crash. */
export const AHEAD = 20_000

/** `uncertainUntil`: where the records end that a predecessor may have pushed. */
export function createLane(work: LaneWork, start: number, uncertainUntil: number): Lane {
  const queue: Fetched[] = []
  let queuedBytes = 0
  /** Of the queue's first fetch, the records that were taken already. */
  let taken = 0
  let watermark = start
  let allowedUntil = start
  let endOffset = start
  let batch: Batch | undefined
  let reachedSeconds: number | undefined
  let isBegun = false
  let uncommittedMs: number | undefined
  let closed = false
  let wake: () => void = () => undefined
  const changed = () => new Promise<void>((resolve) => (wake = resolve))
  let signal = changed()
  const notify = () => {
    wake()
    signal = changed()
  }
  const until = async (isSo: () => boolean): Promise<boolean> => {
    while (!closed && !isSo()) await signal
    return !closed
  }

  const nextBatch = (fetched: Fetched): Batch => {
    const first = fetched.records[taken]?.offsetNumber ?? start
    const endBefore = first < uncertainUntil ? uncertainUntil : first + AHEAD
    const { batchBytes: bytes, batchRecords: records } = work
    const room = { bytes, records, endBefore, seconds: work.batchSeconds() }
    return takeBatch(fetched.records, taken, work.project, room)
  }
  const advance = (offset: number) => {
    watermark = offset
    work.onChange()
    notify()
  }

  const ship = async (current: Batch): Promise<boolean> => {
    const last = current.records.at(-1)?.offsetNumber ?? watermark
    const turn = work.turn(current)
    if (!(await until(() => last < allowedUntil)) || !(await turn)) return false
    isBegun = true
    const first = current.records[0]?.offsetNumber ?? watermark
    if (!(await work.settle(current, first < uncertainUntil))) return false
    isBegun = false
    uncommittedMs ??= current.records[0]?.timestampMs
    return true
  }

  const run = async (): Promise<void> => {
    while (await until(() => queue.length > 0)) {
      const fetched = queue[0] as Fetched
      while (taken < fetched.records.length) {
        batch = nextBatch(fetched)
        // Between fetched records there may be gaps, wider than what may be pushed ahead of a commit.
        const first = batch.records[0]?.offsetNumber ?? watermark
        if (first > watermark) advance(first)
        if (!(await ship(batch))) return
        taken += batch.records.length
        for (const { byteLength } of batch.records) queuedBytes -= byteLength
        const last = batch.records.at(-1)?.offsetNumber ?? watermark
        reachedSeconds = batch.newestSeconds
        batch = undefined
        advance(last + 1)
      }
      queue.shift()
      taken = 0
      if (fetched.lastOffset >= watermark) advance(fetched.lastOffset + 1)
    }
  }
  const ended = run().catch(work.onError)

  return {
    add(fetched) {
      if (closed) return
      queue.push(fetched)
      for (const { byteLength } of fetched.records) queuedBytes += byteLength
      endOffset = fetched.endOffset
      notify()
    },
    room: async () => {
      await until(() => queuedBytes < work.batchBytes)
    },
    mark: () => {
      if (!closed) return { offset: watermark, until: Math.max(watermark + AHEAD, uncertainUntil) }
      // Closed, nothing is pushed any more: only what a batch began, or a predecessor, is uncertain.
      return { offset: watermark, until: Math.max(isBegun ? allowedUntil : watermark, uncertainUntil) }
    },
    committed: (mark) => {
      allowedUntil = mark.until
      if (mark.offset === watermark) uncommittedMs = undefined
      notify()
    },
    close: async () => {
      closed = true
      notify()
      await ended
    },
    stand: () => ({
      lag: Math.max(0, endOffset - watermark),
      oldestUnsettledMs: queue[0]?.records[taken]?.timestampMs,
      oldestUncommittedMs: uncommittedMs ?? queue[0]?.records[taken]?.timestampMs,
      headSeconds: batch?.oldestSeconds ?? (endOffset > watermark ? reachedSeconds : undefined),
    }),
  }
}
