import { Cron } from 'croner'
import { reasonOf, vigieError } from '../service/errors.ts'
import { type Declaration } from './sources.ts'
import { LIMITS } from './thresholds.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** An hourly job then has the 75 minutes of a source that declares nothing. */
export const DEFAULT_GRACE_MS = 15 * MINUTE_MS
/** Fires that are looked at: more than a year of a daily job, two weeks of one that runs each half hour. */
const FIRES = 700
/** 2024 begins on a Monday and has a 29 February. */
const FROM = new Date('2024-01-01T00:00:00Z')

/** As Go's time package and Intl write it in English. */
export type Day = 'Sunday' | 'Monday' | 'Tuesday' | 'Wednesday' | 'Thursday' | 'Friday' | 'Saturday'

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
 * answer depends on the day of the week: after Friday's run, a weekday job has until Monday. Throws
 * CONFIG_INVALID for a cron line that cannot be read or never fires.
 */
export function patienceOf(declared: Declaration): Patience[] | undefined {
  const graceMs = declared.grace ?? DEFAULT_GRACE_MS
  if (declared.every !== undefined) return [{ windowMs: declared.every + graceMs, timezone: 'UTC' }]
  if (declared.cron === undefined) return undefined
  const timezone = declared.timezone ?? 'UTC'
  const fires = firesOf(declared.cron, timezone, declared.match)
  const localDay = dayTeller(timezone)
  const windows = new Map<Day, number>()
  fires.forEach((fire, index) => {
    const next = fires[index + 1]
    if (next === undefined) return
    for (let at = fire; at < next; at += DAY_MS) {
      const { day, sinceMidnightMs } = localDay(at)
      // On the day of the fire, runs end after it; on the days until the next, at any time.
      const fromMs = at === fire ? at : at - sinceMidnightMs
      windows.set(day, Math.max(windows.get(day) ?? 0, next - fromMs + graceMs))
    }
  })
  const byWindow = new Map<number, Day[]>()
  for (const [day, windowMs] of windows) byWindow.set(windowMs, [...(byWindow.get(windowMs) ?? []), day])
  if (byWindow.size === 1) return [...byWindow.keys()].map((windowMs) => ({ windowMs, timezone }))
  return [...byWindow].map(([windowMs, days]) => ({ windowMs, days, timezone }))
}

/** Tells the day of the week in a time zone, and how long it has lasted. */
function dayTeller(timezone: string): (ms: number) => { day: Day; sinceMidnightMs: number } {
  const format = new Intl.DateTimeFormat('en', {
    weekday: 'long',
    hour: 'numeric',
    minute: 'numeric',
    hourCycle: 'h23',
    timeZone: timezone,
  })
  return (ms) => {
    const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]))
    const minutes = Number(parts.hour) * 60 + Number(parts.minute)
    return { day: parts.weekday as Day, sinceMidnightMs: minutes * MINUTE_MS }
  }
}

function firesOf(line: string, timezone: string, match: string): number[] {
  const wrong = (problem: string) =>
    vigieError('CONFIG_INVALID', {
      problems: `  sources (${match}): cron = ${JSON.stringify(line)}: ${problem}`,
    })
  let fires: Date[]
  try {
    fires = new Cron(line, { timezone, mode: '5-part', paused: true }).nextRuns(FIRES, FROM)
  } catch (error) {
    throw wrong(reasonOf(error))
  }
  if (fires.length < 2) throw wrong('fires less than twice')
  return fires.map((fire) => fire.getTime())
}
