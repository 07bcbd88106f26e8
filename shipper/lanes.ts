import { setTimeout as sleep } from 'node:timers/promises'
import { aborted, pause } from '../service/shutdown.ts'
import { createLane, type Fetched, type Lane, type LaneStand, type LaneWork } from './lane.ts'
import { type Mark } from './mark.ts'

export type Place = { topic: string; partition: number }
export type PlacedMark = Place & Mark

/** What the lanes need of the world. */
export type LanesWork = {
  workOf: (place: Place, closed: AbortSignal) => Omit<LaneWork, 'onChange'>
  /** Where predecessors left a topic's partitions; asked once in a generation, when they have ended. */
  predecessors: (topic: string) => Promise<ReadonlyMap<number, Mark>>
  commit: (marks: readonly PlacedMark[]) => Promise<void>
  onCommitFailed: (error: unknown) => void
}

/** The lanes of all partitions that this member owns. */
export type Lanes = {
  /** Hands records over; with `lost`, resolves when there is room for more of that partition, or it fires. */
  add: (place: Place, fetched: Fetched, lost?: AbortSignal) => Promise<void>
  /** Finishes what is under way and commits it; nothing of this generation is pushed or committed after it. */
  endGeneration: (isMember: boolean) => Promise<void>
  /** The same, and nothing is taken any more. */
  end: () => Promise<void>
  stands: () => (Place & LaneStand)[]
}

/** The wait after a commit that failed, doubled each time up to the longest: Kafka may be away for an hour. */
const COMMIT_AGAIN_MS = { first: 500, longest: 10_000 }
/** A generation that ends does not wait longer for Kafka: what is uncertain then, the next owner asks for. */
const LAST_COMMIT_MS = 5_000

export function createLanes(work: LanesWork): Lanes {
  type Placed = { place: Place; lane: Lane; closing: AbortController }
  let lanes = new Map<string, Promise<Placed>>()
  let opened: Placed[] = []
  const predecessors = new Map<string, Promise<ReadonlyMap<number, Mark>>>()
  const changed = new Set<Placed>()
  let committing: Promise<void> | undefined
  let ending = new AbortController()
  let hasEnded = false

  const commitChanged = async (): Promise<void> => {
    const batch = [...changed].map((placed) => ({ placed, mark: placed.lane.mark() }))
    changed.clear()
    try {
      await work.commit(batch.map(({ placed, mark }) => ({ ...placed.place, ...mark })))
      for (const { placed, mark } of batch) placed.lane.committed(mark)
    } catch (error) {
      for (const { placed } of batch) changed.add(placed)
      throw error
    }
  }
  const commitLoop = async (): Promise<void> => {
    let delayMs = COMMIT_AGAIN_MS.first
    while (changed.size > 0 && !ending.signal.aborted) {
      try {
        await commitChanged()
        delayMs = COMMIT_AGAIN_MS.first
      } catch (error) {
        work.onCommitFailed(error)
        await pause(delayMs, ending.signal)
        delayMs = Math.min(2 * delayMs, COMMIT_AGAIN_MS.longest)
      }
    }
    committing = undefined
  }
  const predecessorsOf = (topic: string): Promise<ReadonlyMap<number, Mark>> => {
    const known = predecessors.get(topic)
    if (known !== undefined) return known
    const asked = work.predecessors(topic)
    predecessors.set(topic, asked)
    asked.catch(() => predecessors.delete(topic))
    return asked
  }
  const laneOf = (place: Place, fetched: Fetched): Promise<Placed> => {
    const key = `${place.topic}/${place.partition}`
    const known = lanes.get(key)
    if (known !== undefined) return known
    const opening = open(place, fetched)
    lanes.set(key, opening)
    // Not opened: the next fetch tries again, since this one is not resolved.
    opening.catch(() => lanes.delete(key))
    return opening
  }
  const open = async (place: Place, fetched: Fetched): Promise<Placed> => {
    const mark = (await predecessorsOf(place.topic)).get(place.partition)
    const onChange = () => {
      changed.add(placed)
      if (!ending.signal.aborted) committing ??= commitLoop()
    }
    const closing = new AbortController()
    const laneWork = { ...work.workOf(place, closing.signal), onChange }
    const lane = createLane(laneWork, fetched.firstOffset, mark?.until ?? 0)
    const placed: Placed = { place, lane, closing }
    opened.push(placed)
    // Nothing is pushed before a commit says how far a crash may have pushed.
    onChange()
    return placed
  }

  const endGeneration = async (isMember: boolean): Promise<void> => {
    ending.abort()
    await Promise.allSettled(lanes.values())
    const mine = opened
    await Promise.all(
      mine.map(({ lane, closing }) => {
        closing.abort()
        return lane.close()
      }),
    )
    await committing
    for (const placed of mine) changed.add(placed)
    if (isMember && changed.size > 0)
      await Promise.race([
        commitChanged().catch(work.onCommitFailed),
        sleep(LAST_COMMIT_MS, undefined, { ref: false }),
      ])
    lanes = new Map()
    opened = []
    changed.clear()
    predecessors.clear()
  }

  return {
    async add(place, fetched, lost) {
      if (ending.signal.aborted) return
      const { lane } = await laneOf(place, fetched)
      if (ending.signal.aborted) return
      lane.add(fetched)
      if (lost !== undefined) await Promise.race([lane.room(), aborted(lost)])
    },
    async endGeneration(isMember) {
      await endGeneration(isMember)
      if (!hasEnded) ending = new AbortController()
    },
    async end() {
      hasEnded = true
      await endGeneration(true)
    },
    stands: () => opened.map(({ place, lane }) => ({ ...place, ...lane.stand() })),
  }
}
