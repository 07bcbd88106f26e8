import { Cron } from 'croner'
import { reasonOf } from '../service/errors.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** From here on: a February of 28 and one of 29 days, and the clocks set forth and back twice. */
const FROM = Date.UTC(2023, 0, 1)
const UNTIL = FROM + 800 * DAY_MS
const FIELDS = 5

/** One fire of a cron line: what a clock on the wall shows, as if that were UTC, and the instant; both in ms. */
export type Fire = { wallMs: number; atMs: number }

/** The instants at which a line fires by a clock that is never set, of all those from FROM in steps; in ms. */
function fires(fields: readonly string[], stepMs: number, untilMs: number): number[] {
  const cron = new Cron(fields.join(' '), { utcOffset: 0, mode: '5-part', paused: true })
  const steps = Array.from({ length: (untilMs - FROM) / stepMs }, (_, step) => FROM + step * stepMs)
  return steps.filter((ms) => cron.match(new Date(ms)))
}
const daysOf = (fields: readonly string[]): number[] => fires(['0', '0', ...fields.slice(2)], DAY_MS, UNTIL)
const timesOf = (fields: readonly string[]): number[] =>
  fires([...fields.slice(0, 2), '*', '*', '*'], MINUTE_MS, FROM + DAY_MS).map((ms) => ms - FROM)

const fieldsOf = (line: string): string[] => line.trim().split(/\s+/)

/**
 * What is wrong with a cron line; undefined when it can be read and fires at least every `longestDays`
 * days.
 */
export function cronProblem(line: string, longestDays: number): string | undefined {
  const fields = fieldsOf(line)
  if (fields.length !== FIELDS) return 'five fields: minute hour day month weekday'
  try {
    timesOf(fields)
    const days = [FROM, ...daysOf(fields), UNTIL]
    const isRare = days.some((day, index) => day - (days[index - 1] ?? FROM) > longestDays * DAY_MS)
    return isRare ? `does not fire for more than ${longestDays} days` : undefined
  } catch (error) {
    return reasonOf(error).replace(/^\w+: /, '')
  }
}

/**
 * The fires of a cron line in a time zone, in their order, over 800 days. The line must be free of problems.
 * Days and times of day are found apart: asking for each fire in its zone takes a second for a thousand.
 */
export function firesOf(line: string, timezone: string): Fire[] {
  const fields = fieldsOf(line)
  const times = timesOf(fields)
  const instants = instantsOf(timezone)
  // Where a clock is set back, an hour comes twice: a job of every hour runs in both, others in the first.
  const isHourly = new Set(times.map((ms) => Math.floor(ms / (60 * MINUTE_MS)))).size === 24
  const found: Fire[] = []
  for (const day of daysOf(fields))
    for (const time of times)
      for (const atMs of instants(day + time).slice(0, isHourly ? 2 : 1))
        found.push({ wallMs: day + time, atMs })
  return found.sort((a, b) => a.atMs - b.atMs)
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
