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
  /** Hands records over; resolves when there is room for more of that partition, or `lost` fires. */
  add: (place: Place, fetched: Fetched, lost: AbortSignal) => Promise<void>
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
  let ending = false
  let ended = signal()
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
    while (changed.size > 0 && !ending) {
      try {
        await commitChanged()
        delayMs = COMMIT_AGAIN_MS.first
      } catch (error) {
        work.onCommitFailed(error)
        await Promise.race([timeout(delayMs), ended.promise])
        delayMs = Math.min(2 * delayMs, COMMIT_AGAIN_MS.longest)
      }
    }
    committing = undefined
  }
  const open = async (place: Place, fetched: Fetched): Promise<Placed> => {
    const asked = predecessors.get(place.topic) ?? work.predecessors(place.topic)
    predecessors.set(place.topic, asked)
    asked.catch(() => predecessors.delete(place.topic))
    const mark = (await asked).get(place.partition)
    const onChange = () => {
      changed.add(placed)
      if (!ending) committing ??= commitLoop()
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
    ending = true
    ended.fire()
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
      await Promise.race([commitChanged().catch(work.onCommitFailed), timeout(LAST_COMMIT_MS)])
    lanes = new Map()
    opened = []
    changed.clear()
    predecessors.clear()
    ended = signal()
  }

  return {
    async add(place, fetched, lost) {
      if (ending) return
      const key = `${place.topic}/${place.partition}`
      const opening = lanes.get(key) ?? open(place, fetched)
      lanes.set(key, opening)
      // Not opened: the next fetch tries again, since this one is not resolved.
      opening.catch(() => lanes.delete(key))
      const { lane } = await opening
      if (ending) return
      lane.add(fetched)
      await Promise.race([lane.room(), aborted(lost)])
    },
    async endGeneration(isMember) {
      await endGeneration(isMember)
      ending = hasEnded
    },
    async end() {
      hasEnded = true
      await endGeneration(true)
    },
    stands: () => opened.map(({ place, lane }) => ({ ...place, ...lane.stand() })),
  }
}

/** A promise, and what fulfils it. */
function signal(): { promise: Promise<void>; fire: () => void } {
  let fire: () => void = () => undefined
  const promise = new Promise<void>((resolve) => {
    fire = resolve
  })
  return { promise, fire }
}

const timeout = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref())

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
