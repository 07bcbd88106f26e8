import { describe, expect, test } from '@jest/globals'
import { Cron } from 'croner'
import fc from 'fast-check'
import { DEFAULT_PATIENCE, type Patience, patienceOf } from '../../rules/cadence.ts'
import { sourcesYaml } from '../../rules/sources.ts'

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]

function patience(declared: Record<string, unknown>): Patience[] {
  const [declaration] = sourcesYaml.sources.parse([{ match: 'job', ...declared }])
  return (declaration && patienceOf(declaration)) ?? []
}

/** How long a run that ended at an instant keeps its source from being silent, as the query would have it. */
function windowAt(windows: readonly Patience[], ms: number): number {
  const [first] = windows
  const weekday = new Intl.DateTimeFormat('en', {
    weekday: 'long',
    timeZone: first?.timezone ?? 'UTC',
  }).format(ms)
  const those = windows.filter(({ days }) => days === undefined || days.some((day) => day === weekday))
  expect(those.length).toBeLessThanOrEqual(1)
  return those[0]?.windowMs ?? 0
}

/** Hours of each window, by day. */
const inHours = (windows: readonly Patience[]): Record<string, number> =>
  Object.fromEntries(
    windows.flatMap(({ days = ['*'], windowMs }) => days.map((day) => [day.slice(0, 3), windowMs / HOUR])),
  )

describe('patienceOf', () => {
  test('nothing declared is the 75 minutes of everybody', () => {
    expect(patience({})).toEqual([])
    expect(DEFAULT_PATIENCE).toEqual([{ windowMs: 75 * MINUTE, timezone: 'UTC' }])
  })

  test('a cadence and its grace, 15 minutes when none is declared', () => {
    expect(patience({ every: '1h' })).toEqual([{ windowMs: HOUR + 15 * MINUTE, timezone: 'UTC' }])
    expect(patience({ every: '1d', grace: '2h' })).toEqual([{ windowMs: 26 * HOUR, timezone: 'UTC' }])
    expect(patience({ every: '90s', grace: '0s' })).toEqual([{ windowMs: 90_000, timezone: 'UTC' }])
  })

  test('a cron line that fires evenly has one window for all days', () => {
    expect(patience({ cron: '*/10 * * * *' })).toEqual([{ windowMs: 25 * MINUTE, timezone: 'UTC' }])
    expect(patience({ cron: '0 3 * * *', grace: '1h' })).toEqual([{ windowMs: 25 * HOUR, timezone: 'UTC' }])
  })

  test('weekdays: from Friday to Monday; a run that ends on Saturday has less time left', () => {
    expect(inHours(patience({ cron: '0 6 * * 1-5', grace: '0s' }))).toEqual({
      ...{ Mon: 24, Tue: 24, Wed: 24, Thu: 24, Fri: 72, Sat: 54, Sun: 30 },
    })
  })

  test('several fires a day: the longest gap that begins on the day', () => {
    expect(inHours(patience({ cron: '0 8,10,18 * * *', grace: '0s' }))).toEqual({ '*': 14 })
  })

  test('a job of every five minutes in office hours is not silent at night, nor at the weekend', () => {
    const hours = inHours(patience({ cron: '*/5 8-18 * * 1-5', grace: '5m' }))
    const [gap, grace] = [13 + 5 / 60, 5 / 60]
    for (const day of ['Mon', 'Tue', 'Wed', 'Thu']) expect(hours[day]).toBeCloseTo(gap + grace)
    expect(hours.Fri).toBeCloseTo(gap + 48 + grace)
  })

  test('the night in which the clocks are set back is an hour longer, on that day of the week only', () => {
    expect(inHours(patience({ cron: '0 */6 * * *', timezone: 'Europe/Paris', grace: '0s' }))).toEqual({
      ...{ Mon: 6, Tue: 6, Wed: 6, Thu: 6, Fri: 6, Sat: 6, Sun: 7 },
    })
    expect(inHours(patience({ cron: '0 * * * *', timezone: 'Europe/Paris', grace: '0s' }))).toEqual({
      '*': 1,
    })
  })

  test('month ends: the longest month, whatever the day of the week', () => {
    expect(inHours(patience({ cron: '0 0 1 * *', grace: '0s' }))).toEqual({ '*': 31 * 24 })
    expect(inHours(patience({ cron: '0 0 31 * *', grace: '0s' }))).toEqual({ '*': 61 * 24 })
    // From the 29th of January to that of March, but in leap years.
    expect(inHours(patience({ cron: '0 0 29 * *', grace: '0s' }))).toEqual({ '*': 59 * 24 })
  })

  test('weekly jobs have a week, wherever it begins', () => {
    expect(inHours(patience({ cron: '0 12 * * 3', grace: '0s' }))).toMatchObject({
      Wed: 168,
      Thu: 156,
      Tue: 36,
    })
  })
})

const several = (min: number, max: number) =>
  fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 3 }).map((each) => each.join(','))
const minutes = fc.oneof(several(0, 59), fc.constantFrom('0', '*/20', '0-5'))
const hours = fc.oneof(several(0, 23), fc.constantFrom('*', '8-18', '*/6', '22-23', '0'))
const days = fc.oneof(
  { weight: 3, arbitrary: fc.constant('*') },
  several(1, 28),
  fc.constantFrom('L', '31', '1-7'),
)
const months = fc.oneof({ weight: 4, arbitrary: fc.constant('*') }, fc.constantFrom('1-7', '1,4,7,10'))
const weekdays = fc.oneof(
  { weight: 2, arbitrary: fc.constant('*') },
  several(0, 6),
  fc.constantFrom('1-5', 'MON-FRI'),
)
const cronLine = fc.tuple(minutes, hours, days, months, weekdays).map((fields) => fields.join(' '))
const zone = fc.constantFrom('UTC', 'Europe/Paris', 'America/New_York', 'Asia/Kolkata', 'Australia/Sydney')
const graceMinutes = fc.constantFrom(0, 15, 60, 720)
/** Any time of the years ahead, or the week before the clocks change somewhere. */
const beginning = fc.oneof(
  fc.integer({ min: 0, max: 1_400 }).map((days) => Date.UTC(2025, 0, 1) + days * DAY),
  fc
    .constantFrom('2025-10-25', '2026-03-28', '2026-10-31', '2026-04-04', '2028-02-27')
    .map((day) => Date.parse(day)),
)

/** Croner takes a millisecond for each fire in a time zone. */
const RUNS = 20
/** Some lines take seconds, and every other test file runs beside this one. */
const PATIENCE_MS = 120_000

describe('any cron line', () => {
  const FIRES = 15
  const scenario = fc.record({
    line: cronLine,
    timezone: zone,
    grace: graceMinutes,
    fromMs: beginning,
    late: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: FIRES, maxLength: FIRES }),
  })
  type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never

  /** Windows by Vigie; fires by croner in its own time zones, which Vigie does not ask. */
  function played({ line, timezone, grace, fromMs }: Scenario) {
    const windows = patience({ cron: line, timezone, grace: `${grace}m` })
    const cron = new Cron(line, { timezone, mode: '5-part', paused: true })
    return { windows, fires: cron.nextRuns(FIRES, new Date(fromMs)).map((date) => date.getTime()) }
  }

  test(
    'is never silent while each run ends within its grace',
    () => {
      fc.assert(
        fc.property(scenario, (given) => {
          const { windows, fires } = played(given)
          const ends = fires.map(
            (fire, index) => fire + Math.floor((given.late[index] ?? 0) * given.grace * MINUTE),
          )
          let heardUntil = Number.POSITIVE_INFINITY
          ends.forEach((end, index) => {
            // Silent at `heardUntil`: a range does not hold its own beginning.
            expect({ end, fire: fires[index], heardUntil: Math.max(heardUntil, end) }).toEqual({
              ...{ end, fire: fires[index], heardUntil },
            })
            heardUntil = Math.max(index === 0 ? 0 : heardUntil, end + windowAt(windows, end))
          })
        }),
        { numRuns: RUNS },
      )
    },
    PATIENCE_MS,
  )

  test(
    'waits no longer than its longest gap and the grace, and two hours when the clocks change',
    () => {
      const weekly = fc.tuple(hours, weekdays).map(([hour, weekday]) => `30 ${hour} * * ${weekday}`)
      fc.assert(
        fc.property(weekly, graceMinutes, beginning, (line, grace, fromMs) => {
          const windows = patience({ cron: line, timezone: 'Europe/Paris', grace: `${grace}m` })
          const cron = new Cron(line, { timezone: 'Europe/Paris', mode: '5-part', paused: true })
          const gaps: number[] = []
          for (let at = fromMs; at < fromMs + 8 * DAY; at += gaps.at(-1) ?? DAY) {
            gaps.push((cron.nextRun(new Date(at))?.getTime() ?? at) - at)
          }
          // The first gap begins between two fires. The others may be those of the night with 23 hours.
          const longest = Math.max(...gaps.slice(1))
          for (const { windowMs } of windows)
            expect(windowMs).toBeLessThanOrEqual(longest + 2 * HOUR + grace * MINUTE)
        }),
        { numRuns: RUNS },
      )
    },
    PATIENCE_MS,
  )

  test(
    'has a window for each day of the week on which a run can end',
    () => {
      fc.assert(
        fc.property(cronLine, zone, (line, timezone) => {
          const windows = patience({ cron: line, timezone })
          for (const { windowMs } of windows) expect(windowMs).toBeGreaterThan(15 * MINUTE)
          const days = windows.flatMap((each) => each.days ?? [])
          expect(new Set(days).size).toBe(days.length)
          expect([0, 7]).toContain(days.length)
        }),
        { numRuns: RUNS },
      )
    },
    PATIENCE_MS,
  )
})
