import { describe, expect, test } from '@jest/globals'
import { cronProblem, firesOf, instantsOf } from '../../rules/cron.ts'

const at = (text: string): number => Date.parse(text)

/** The fires within a span, as ISO minutes in UTC. */
const between = (line: string, timezone: string, from: string, to: string): string[] =>
  firesOf(line, timezone)
    .filter(({ atMs }) => atMs >= at(from) && atMs < at(to))
    .map(({ atMs }) => new Date(atMs).toISOString().slice(5, 16))

describe('cronProblem', () => {
  test.each([
    '* * * * *',
    '0 6 * * 1-5',
    ' 5  4 1,15 * * ',
    '0 0 L * *',
    '30 6 * * MON#1',
    '*/5 8-18 * * MON-FRI',
  ])('%j is right', (line) => expect(cronProblem(line, 200)).toBeUndefined())

  test.each([
    ['', /^five fields/],
    ['daily', /^five fields/],
    ['@daily', /^five fields/],
    ['0 0 0 * * *', /^five fields/],
    ['61 * * * *', /minute.*61/],
    ['0 24 * * *', /hour.*24/],
    ['0 0 * * 9', /9/],
    ['a b c d e', /./],
    ['0 0 30 2 *', /does not fire for more than 200 days/],
    ['0 0 29 2 *', /does not fire for more than 200 days/],
    ['0 0 1 1 *', /does not fire for more than 200 days/],
  ])('%j is told what is wrong', (line, problem) => {
    const told = cronProblem(line, 200)
    expect(told).toMatch(problem)
    expect(told).not.toMatch(/\n|CronPattern/)
  })

  test('twice a year is often enough', () => {
    expect(cronProblem('0 0 1 1,7 *', 200)).toBeUndefined()
  })
})

describe('firesOf', () => {
  test('reads the line by the clocks of the zone, in summer and in winter', () => {
    expect(between('0 6 * * *', 'Europe/Paris', '2024-03-30', '2024-04-01')).toEqual([
      '03-30T05:00',
      '03-31T04:00',
    ])
    expect(between('0 6 * * *', 'Asia/Kolkata', '2024-03-30', '2024-03-31')).toEqual(['03-30T00:30'])
  })

  test('in the hour that comes twice, a job of every hour runs twice, a nightly one once', () => {
    const night = ['2024-10-26T23:00:00Z', '2024-10-27T03:00:00Z'] as const
    expect(between('0 * * * *', 'Europe/Paris', ...night)).toEqual([
      ...['10-26T23:00', '10-27T00:00', '10-27T01:00', '10-27T02:00'],
    ])
    expect(between('30 2 * * *', 'Europe/Paris', ...night)).toEqual(['10-27T00:30'])
  })

  test('the hour that is left out does not leave out the run', () => {
    expect(between('30 2 * * *', 'Europe/Paris', '2024-03-31', '2024-04-01')).toEqual(['03-31T01:30'])
  })

  test('month ends, and the 29th of February', () => {
    expect(between('0 0 L * *', 'UTC', '2024-01-15', '2024-04-15')).toEqual([
      ...['01-31T00:00', '02-29T00:00', '03-31T00:00'],
    ])
    expect(between('0 0 L 2 *', 'UTC', '2023-01-01', '2024-12-31')).toEqual(['02-28T00:00', '02-29T00:00'])
  })

  test('comes in order, each fire once', () => {
    const fires = firesOf('*/20 * * * *', 'Australia/Lord_Howe').map(({ atMs }) => atMs)
    expect(fires).toEqual([...new Set(fires)].sort((a, b) => a - b))
  })
})

test('instantsOf: one as a rule, two where the clocks are set back, a later one where they are set forth', () => {
  const paris = instantsOf('Europe/Paris')
  expect(paris(at('2024-01-05T06:00:00Z'))).toEqual([at('2024-01-05T05:00:00Z')])
  expect(paris(at('2024-10-27T02:30:00Z'))).toEqual([at('2024-10-27T00:30:00Z'), at('2024-10-27T01:30:00Z')])
  expect(paris(at('2024-03-31T02:30:00Z'))).toEqual([at('2024-03-31T01:30:00Z')])
  expect(paris(at('2024-10-27T03:00:00Z'))).toEqual([at('2024-10-27T02:00:00Z')])
})
