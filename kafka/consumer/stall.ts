/** Something that should get on: a partition whose records are acknowledged, or a problem that should pass. */
export type Watched = {
  /** Unlike any other's. */
  key: string
  /** How far it is: any change of it counts as getting on. For a partition, the acknowledged offset. */
  progress: number
  /** Whether there is something to do: for a partition, whether its lag is above 0. */
  isWaiting: boolean
  /** Who belongs together, such as the partitions of a topic. */
  group: string
  /** It waits its turn behind others of its group: as long as they get on, so does it. */
  waitsItsTurn?: boolean
}

/** One of them, and for how long it has not got on although it waits; 0 when it does not wait. */
export type Stall<Each extends Watched> = {
  readonly of: Each
  readonly stillMs: number
  /** `stillMs` when people were last told that it is stuck; undefined when it is not. */
  readonly toldMs: number | undefined
}

/** What a watch knows: when it looked last, and each stall by its key. */
export type Stalls<Each extends Watched> = {
  readonly lookedMs: number | undefined
  readonly byKey: ReadonlyMap<string, Stall<Each>>
}

/** What people are to be told. `gone`: what was stuck is not watched any more, for example it is another member's now. */
export type StallNews<Each extends Watched> = { is: 'stuck' | 'moving' | 'gone'; stall: Stall<Each> }

/**
 * After that time without progress something is stuck. What passes by itself is shorter: giving partitions up in a
 * rebalance takes 30 s at most (docs/consumer.md), a push 10 s (SHIPPER_PUSH_TIMEOUT_MS), and so does the longest wait
 * between two attempts.
 */
export const STUCK_AFTER_MS = 60_000
/** How often people are told again. The alert on it looks back 15 minutes, so that it goes on for as long as this does. */
export const TELL_AGAIN_MS = 300_000
/**
 * No look counts for longer: a process that was suspended, or whose clock jumped, did not watch meanwhile, and nothing
 * could get on.
 */
const LONGEST_LOOK_MS = 10_000

export const nothingWatched = <Each extends Watched>(): Stalls<Each> => ({
  lookedMs: undefined,
  byKey: new Map(),
})

/** Looks at everything that is watched now. `nowMs` is of a clock that does not go back. Pure. */
export function look<Each extends Watched>(
  before: Stalls<Each>,
  watched: readonly Each[],
  nowMs: number,
  stuckAfterMs: number = STUCK_AFTER_MS,
): { stalls: Stalls<Each>; news: StallNews<Each>[] } {
  const passedMs = Math.min(nowMs - (before.lookedMs ?? nowMs), LONGEST_LOOK_MS)
  const hasMoved = (each: Each): boolean => before.byKey.get(each.key)?.of.progress !== each.progress
  const moving = new Set(
    watched.filter((each) => !each.waitsItsTurn && hasMoved(each)).map(({ group }) => group),
  )
  const byKey = new Map<string, Stall<Each>>()
  const news: StallNews<Each>[] = []
  for (const each of watched) {
    const known = before.byKey.get(each.key)
    const getsOn = !each.isWaiting || hasMoved(each) || (each.waitsItsTurn && moving.has(each.group))
    if (getsOn || known === undefined) {
      const stall = { of: each, stillMs: 0, toldMs: undefined }
      byKey.set(each.key, stall)
      if (known?.toldMs !== undefined) news.push({ is: 'moving', stall: { ...known, of: each } })
      continue
    }
    const stillMs = known.stillMs + passedMs
    const dueMs = known.toldMs === undefined ? stuckAfterMs : known.toldMs + TELL_AGAIN_MS
    const isDue = stillMs >= dueMs
    const stall = { of: each, stillMs, toldMs: isDue ? stillMs : known.toldMs }
    byKey.set(each.key, stall)
    if (isDue) news.push({ is: 'stuck', stall })
  }
  for (const [key, stall] of before.byKey)
    if (stall.toldMs !== undefined && !byKey.has(key)) news.push({ is: 'gone', stall })
  return { stalls: { lookedMs: nowMs, byKey }, news }
}

/** Those that are stuck. Pure. */
export const stuckOf = <Each extends Watched>({ byKey }: Stalls<Each>): Stall<Each>[] =>
  [...byKey.values()].filter(({ toldMs }) => toldMs !== undefined)
