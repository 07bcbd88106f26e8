import { setTimeout as sleep } from 'node:timers/promises'
import { type Committed } from '../../kafka/consumer/calls.ts'
import { type Handler } from '../../kafka/consumer/handler.ts'
import { keyOf, placeOf, type TopicPartition } from '../../kafka/consumer/partitions.ts'
import { type DecodedRecord } from '../../kafka/decoded-record.ts'
import { type Backoff, pauseAfter } from '../../service/backoff.ts'
import { aborted, pause } from '../../service/shutdown.ts'
import { createLane, type Lane, type LaneWork } from './lane.ts'
import { readMark, writeMark } from './mark.ts'
import { type LaneStatus } from './state.ts'

/** The lanes of the partitions that this member owns, by `keyOf`. */
export type LaneTable = Map<string, TopicPartition & { lane: Lane; ending: Ending }>
/** How a lane is ended: `closed` first, and when it takes too long, `broken`, which ends its push as well. */
export type Ending = { closed: AbortController; broken: AbortController }

export const statusesOf = (table: LaneTable): (TopicPartition & LaneStatus)[] =>
  [...table.values()].map(({ topic, partition, lane }) => ({ topic, partition, ...lane.status() }))

/** What the lanes work with. */
export type LanesWork = {
  workOf: (of: TopicPartition, ending: Ending) => Omit<LaneWork, 'onChange'>
  /** Rejects with kafkajs's errors. */
  commit: (offsets: readonly Committed[]) => Promise<void>
  onCommitFailed: (error: unknown) => void
  onTombstones: (count: number) => void
}

/** The wait after a commit that failed, doubled each time up to the longest: Kafka may be away for an hour. */
const COMMIT_AGAIN_MS: Backoff = { first: 500, longest: 10_000 }
/** A partition that is given up does not wait longer for Kafka: what is uncertain then, the next owner asks for. */
const LAST_COMMIT_MS = 5_000

/** Handles the partitions of a consumer: a lane for each, and one loop that commits them all. */
export function createLanes(
  table: LaneTable,
  work: LanesWork,
): Pick<Handler, 'begin' | 'records' | 'gap' | 'end'> {
  const changed = new Set<string>()
  let isCommitting = false
  let owned = new AbortController()

  const commitOf = async (keys: readonly string[]): Promise<void> => {
    const marks = keys.flatMap((key) => {
      const entry = table.get(key)
      return entry === undefined ? [] : [{ ...entry, mark: entry.lane.mark() }]
    })
    if (marks.length === 0) return
    await work.commit(
      marks.map(({ topic, partition, mark }) => ({
        ...{ topic, partition, offset: mark.offset, metadata: writeMark(mark) },
      })),
    )
    for (const { lane, mark } of marks) lane.committed(mark)
  }
  const commitLoop = async (): Promise<void> => {
    let failures = 0
    while (changed.size > 0) {
      const keys = [...changed]
      changed.clear()
      try {
        await commitOf(keys)
        failures = 0
      } catch (error) {
        for (const key of keys) if (table.has(key)) changed.add(key)
        work.onCommitFailed(error)
        await pause(pauseAfter(COMMIT_AGAIN_MS, ++failures), owned.signal)
      }
    }
    isCommitting = false
  }

  return {
    begin({ topic, partition, metadata, ...beginning }) {
      const key = keyOf({ topic, partition })
      const ending: Ending = { closed: new AbortController(), broken: new AbortController() }
      const onChange = () => {
        changed.add(key)
        if (isCommitting) return
        isCommitting = true
        void commitLoop()
      }
      const laneWork = { ...work.workOf({ topic, partition }, ending), onChange }
      const lane = createLane(laneWork, beginning, readMark(beginning.offset, metadata))
      table.set(key, { topic, partition, lane, ending })
      // Nothing is pushed before a commit says how far a crash may have pushed.
      onChange()
    },
    async records(fetched) {
      const lane = laneOf(table, fetched)
      const records = withLines(fetched.records)
      work.onTombstones(fetched.records.length - records.length)
      lane.receive({ ...fetched, records })
      await lane.room()
    },
    gap: (gap) => laneOf(table, gap).skip(gap),
    async end(partitions, { isLost, deadline }) {
      const ending = partitions.flatMap((each) => table.get(keyOf(each)) ?? [])
      const closing = ending.map(({ lane, ending: { closed } }) => {
        closed.abort()
        return lane.close()
      })
      const breakOff = () => {
        for (const { ending: how } of ending) how.broken.abort()
      }
      deadline.addEventListener('abort', breakOff, { once: true })
      if (deadline.aborted) breakOff()
      await Promise.all(closing)
      deadline.removeEventListener('abort', breakOff)
      const keys = ending.map(keyOf)
      if (!isLost && keys.length > 0)
        await Promise.race([
          commitOf(keys).catch(work.onCommitFailed),
          sleep(LAST_COMMIT_MS, undefined, { ref: false }),
          aborted(deadline),
        ])
      for (const key of keys) {
        table.delete(key)
        changed.delete(key)
      }
      if (table.size > 0) return
      // A commit that is being waited with is nobody's any more.
      owned.abort()
      owned = new AbortController()
    },
  }
}

/** The records that hold a line: those without a value, tombstones, do not. */
const withLines = (records: readonly DecodedRecord[]): readonly DecodedRecord[] =>
  records.some(({ isTombstone }) => isTombstone) ? records.filter(({ isTombstone }) => !isTombstone) : records

function laneOf(table: LaneTable, of: TopicPartition): Lane {
  const entry = table.get(keyOf(of))
  if (entry === undefined) throw new Error(`${placeOf(of)} is not owned, but got records`)
  return entry.lane
}
