import { Cron } from 'croner'
import { reasonOf } from '../service/errors.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** 2024 begins on a Monday and has a 29 February. */
const FROM = Date.UTC(2024, 0, 1)
/** Days with a fire that are looked at: a year of a daily job, with both changes of the clocks, and a month. */
const DAYS = 400
const FIELDS = 5

/** One fire of a cron line: what a clock on the wall shows, as if that were UTC, and the instant; both in ms. */
export type Fire = { wallMs: number; atMs: number }

/** The next fires of a line by a clock that is never set, in ms. */
function runs(fields: readonly string[], count: number): number[] {
  const cron = new Cron(fields.join(' '), { utcOffset: 0, mode: '5-part', paused: true })
  return cron.nextRuns(count, new Date(FROM - 1)).map((date) => date.getTime())
}

const fieldsOf = (line: string): string[] => line.trim().split(/\s+/)

/** What is wrong with a cron line; undefined when it can be read and fires again and again. */
export function cronProblem(line: string): string | undefined {
  const fields = fieldsOf(line)
  if (fields.length !== FIELDS) return 'five fields: minute hour day month weekday'
  try {
    return runs(fields, 2).length < 2 ? 'never fires, or only once' : undefined
  } catch (error) {
    return reasonOf(error).replace(/^\w+: /, '')
  }
}

/**
 * The fires of a cron line in a time zone, in their order, over 400 days on which it fires. The line must be free of
 * problems. Days and times of day are found apart, since asking for each fire in its zone takes a second for a thousand.
 */
export function firesOf(line: string, timezone: string): Fire[] {
  const [minute = '*', hour = '*', ...dayFields] = fieldsOf(line)
  const days = runs(['0', '0', ...dayFields], DAYS)
  const times = runs([minute, hour, '*', '*', '*'], DAY_MS / MINUTE_MS)
    .map((ms) => ms - FROM)
    .filter((ms) => ms < DAY_MS)
  const instants = instantsOf(timezone)
  // Where a clock is set back, an hour comes twice: a job of every hour runs in both, others in the first.
  const isHourly = new Set(times.map((ms) => Math.floor(ms / (60 * MINUTE_MS)))).size === 24
  const fires = days.flatMap((day) =>
    times.flatMap((time) => {
      const wallMs = day + time
      const all = instants(wallMs)
      return (isHourly ? all : all.slice(0, 1)).map((atMs) => ({ wallMs, atMs }))
    }),
  )
  return fires.sort((a, b) => a.atMs - b.atMs)
}

/**
 * Tells at which instants the clocks of a zone show a time: one as a rule, two where they are set back.
 * A time that they leave out counts as the one that is as much later.
 */
export function instantsOf(timezone: string): (wallMs: number) => number[] {
  const offsetAt = offsetTeller(timezone)
  const byDay = new Map<number, number>()
  const offsetOfDay = (day: number): number => {
    const offset = byDay.get(day) ?? offsetAt(day * DAY_MS)
    byDay.set(day, offset)
    return offset
  }
  return (wallMs) => {
    const day = Math.floor(wallMs / DAY_MS)
    const [before, after] = [offsetOfDay(day - 1), offsetOfDay(day + 2)]
    if (before === after) return [wallMs - before]
    const shown = [before, after]
      .map((offset) => wallMs - offset)
      .filter((ms) => ms + offsetAt(ms) === wallMs)
    return shown.length === 0 ? [wallMs - before] : shown.sort((a, b) => a - b)
  }
}

/** Tells by how much the clocks of a zone are ahead of UTC at an instant, in ms. */
function offsetTeller(timezone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en', {
    ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' },
    hourCycle: 'h23',
    timeZone: timezone,
  })
  return (ms) => {
    const { year, month, day, hour, minute } = Object.fromEntries(
      format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]),
    )
    const wallMs = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute)
    return wallMs - Math.floor(ms / MINUTE_MS) * MINUTE_MS
  }
}
