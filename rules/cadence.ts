import { firesOf, instantsOf } from './cron.ts'
import { type Declaration } from './sources.ts'
import { LIMITS } from './thresholds.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** The week in which the clocks are set back. */
const LONGEST_WEEK_MS = 7 * DAY_MS + 60 * MINUTE_MS
/** An hourly job then has the 75 minutes of a source that declares nothing. */
export const DEFAULT_GRACE_MS = 15 * MINUTE_MS

/** As Go's time package writes them, Sunday first as in JavaScript. */
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const
export type Day = (typeof DAYS)[number]

/**
 * How long a run keeps its source from being silent. With `days`, only runs that end on those days,
 * in that time zone, do so for that long.
 */
export type Patience = { windowMs: number; days?: readonly Day[]; timezone: string }

export const DEFAULT_PATIENCE: readonly Patience[] = [
  { windowMs: LIMITS.silenceMinutes.value * MINUTE_MS, timezone: 'UTC' },
]

/**
 * How long to wait for a source of that cadence; undefined when none was declared. For a cron line the
 * answer depends on the day of the week: after Friday's run, a weekday job has until Monday.
 */
export function patienceOf(declared: Declaration): Patience[] | undefined {
  const graceMs = declared.grace ?? DEFAULT_GRACE_MS
  if (declared.every !== undefined) return [{ windowMs: declared.every + graceMs, timezone: 'UTC' }]
  if (declared.cron === undefined) return undefined
  const timezone = declared.timezone ?? 'UTC'
  const gaps = longestGaps(declared.cron, timezone)
  const longestMs = Math.max(...gaps.values())
  // A monthly job meets each day of the week sooner or later: which one it is tells nothing.
  if (longestMs > LONGEST_WEEK_MS) return [{ windowMs: longestMs + graceMs, timezone }]
  const byWindow = new Map<number, Day[]>()
  for (const [day, gapMs] of gaps)
    byWindow.set(gapMs + graceMs, [...(byWindow.get(gapMs + graceMs) ?? []), day])
  if (byWindow.size === 1) return [...byWindow.keys()].map((windowMs) => ({ windowMs, timezone }))
  return [...byWindow].map(([windowMs, days]) => ({ windowMs, days, timezone }))
}

/** For each day of the week, how long it takes at most from a run that ends on it until the next fire, in ms. */
function longestGaps(cron: string, timezone: string): Map<Day, number> {
  const fires = firesOf(cron, timezone)
  const instants = instantsOf(timezone)
  const longest = new Map<Day, number>()
  const note = (wallMs: number, gapMs: number) => {
    const day = DAYS[new Date(wallMs).getUTCDay()]
    if (day !== undefined) longest.set(day, Math.max(longest.get(day) ?? 0, gapMs))
  }
  fires.forEach(({ wallMs, atMs }, index) => {
    const next = fires[index + 1]
    if (next === undefined) return
    // On the day of the fire, runs end after it; on the days until the next, at any time.
    note(wallMs, next.atMs - atMs)
    const tomorrow = (Math.floor(wallMs / DAY_MS) + 1) * DAY_MS
    for (let midnight = tomorrow; midnight < next.wallMs; midnight += DAY_MS)
      note(midnight, next.atMs - (instants(midnight)[0] ?? midnight))
  })
  return longest
}
