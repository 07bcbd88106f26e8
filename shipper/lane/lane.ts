import { type Gap } from '../../kafka/consumer/cursor.ts'
import { type Beginning, type Fetched } from '../../kafka/consumer/handler.ts'
import { type DecodedRecord } from '../../kafka/decoded-record.ts'
import { type Batch, type Room, takeBatch } from '../batch/batch.ts'
import { type Projected } from '../project/project.ts'
import { type Mark } from './mark.ts'
import {
  AHEAD,
  acknowledged,
  began,
  closed,
  committed,
  finished,
  isAllowed,
  isUncertain,
  type LaneState,
  type LaneStatus,
  markOf,
  opened,
  passedRecords,
  pushing,
  received,
  skipped,
  statusOf,
} from './state.ts'

/** What a lane works with. */
export type LaneWork = {
  project: (record: DecodedRecord) => Projected
  batchBytes: number
  batchRecords: number
  /** The event times that a batch may span. */
  batchSeconds: () => number
  /** Waits until the order of event times allows a batch; false when the lane closed meanwhile. */
  order: (batch: Batch) => Promise<boolean>
  /**
   * Delivers a batch until each record is stored in Loki or a dead letter; false when it gave up. When it is uncertain
   * whether a predecessor pushed it, only what Loki does not have.
   */
  deliver: (batch: Batch, isUncertain: boolean) => Promise<boolean>
  /** Makes a dead letter of a record that a defect keeps from being projected; false when it gave up. */
  bury: (record: DecodedRecord, defect: unknown) => Promise<boolean>
  /** Told when the lane's mark has changed: something is to be committed. */
  onChange: () => void
  /** A defect in anything but the handling of one record. */
  onDefect: (error: unknown) => void
}

/** The way of one partition's records to Loki: take → order → fit → push → acknowledge → commit, one batch after the other. */
export type Lane = {
  receive: (fetched: Fetched) => void
  skip: (gap: Gap) => void
  /** Resolves when few enough bytes wait, or the lane is closed. */
  room: () => Promise<void>
  /** What is to be committed now. */
  mark: () => Mark
  /** Told what was committed: pushes may go up to its `until`. */
  committed: (mark: Mark) => void
  /** Closes the lane; resolves when nothing is in flight. */
  close: () => Promise<void>
  status: () => LaneStatus
}

/** `mark` says how far a predecessor may have pushed. */
export function createLane(
  work: LaneWork,
  beginning: Pick<Beginning, 'generation' | 'offset'>,
  mark: Mark,
): Lane {
  let state = opened(beginning, mark)
  let waiters: (() => void)[] = []
  const become = (next: LaneState): void => {
    const hasMoved = next.acknowledged !== state.acknowledged
    state = next
    if (hasMoved) work.onChange()
    const woken = waiters
    waiters = []
    for (const wake of woken) wake()
  }
  const until = async (isSo: () => boolean): Promise<boolean> => {
    while (!state.isClosed && !isSo()) await new Promise<void>((resolve) => waiters.push(resolve))
    return !state.isClosed
  }

  const deliver = async (batch: Batch): Promise<boolean> => {
    become(began(state, batch))
    const inOrder = work.order(batch)
    if (!(await until(() => isAllowed(state))) || !(await inOrder)) return false
    become(pushing(state))
    if (!(await work.deliver(batch, isUncertain(state)))) return false
    become(acknowledged(state))
    return true
  }
  const bury = async ({ record, defect }: Defect): Promise<boolean> => {
    if (!(await work.bury(record, defect))) return false
    become(passedRecords(state, [record]))
    return true
  }
  const run = async (): Promise<void> => {
    while (await until(() => state.queue.length > 0)) {
      const next = nextOf(state, work)
      if (next === undefined) become(finished(state))
      else if (!(await ('defect' in next ? bury(next) : deliver(next)))) return
    }
  }
  const ended = run().catch(work.onDefect)

  return {
    receive: (fetched) => {
      if (!state.isClosed) become(received(state, fetched))
    },
    skip: (gap) => {
      if (!state.isClosed) become(skipped(state, gap))
    },
    room: async () => {
      await until(() => state.queuedBytes < work.batchBytes)
    },
    mark: () => markOf(state),
    committed: (mark) => become(committed(state, mark)),
    close: async () => {
      become(closed(state))
      await ended
    },
    status: () => statusOf(state),
  }
}

/** A record that cannot be projected, though any record should. */
type Defect = { record: DecodedRecord; defect: unknown }

/** What to do next: a batch, or a record that a defect is in the way of; undefined when the queue's first is used up. */
function nextOf(lane: LaneState, work: LaneWork): Batch | Defect | undefined {
  const records = lane.queue[0]?.records ?? []
  const first = records[lane.position]
  if (first === undefined) return undefined
  const { offsetNumber } = first
  const room: Room = {
    bytes: work.batchBytes,
    records: work.batchRecords,
    endBefore: offsetNumber < lane.uncertainUntil ? lane.uncertainUntil : offsetNumber + AHEAD,
    seconds: work.batchSeconds(),
  }
  try {
    return takeBatch(records, lane.position, work.project, room)
  } catch {
    // One of them; those before it go on without it.
    return takeUntilDefect(records, lane.position, work, room)
  }
}

function takeUntilDefect(
  records: readonly DecodedRecord[],
  position: number,
  { project }: LaneWork,
  room: Room,
): Batch | Defect {
  for (let index = position; index < records.length; index++) {
    const record = records[index] as DecodedRecord
    try {
      project(record)
    } catch (defect) {
      if (index === position) return { record, defect }
      return takeBatch(records, position, project, {
        ...room,
        records: Math.min(room.records, index - position),
      })
    }
  }
  // What fails for all together, but for none alone, is a defect of taking.
  return takeBatch(records, position, project, room)
}
