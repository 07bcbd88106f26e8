import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { withAliases } from '../../log/aliases.ts'
import { type LogLine } from '../../log/line.ts'
import { normaliser, serialise } from '../../log/normalise.ts'
import { DEFAULT_SEED, SAMPLE_NEWEST_MS, sampleLogs } from '../../producer/sample.ts'

const logsOf = (count: number, seed = DEFAULT_SEED): LogLine[] => [
  ...sampleLogs({ count, seed, newestMs: SAMPLE_NEWEST_MS }),
]
const endOf = (log: LogLine | undefined): number => Date.parse(log?.fin ?? '')
const MINUTE_MS = 60_000

describe('the shipped sample', () => {
  const logs = logsOf(72)
  const failed = logs.findIndex((log) => log.etat === 'FAILED')
  const recovery = logs.slice(failed + 1).find((log) => log.source === logs[failed]?.source)

  test('is what the generator makes, one log a line', () => {
    const shipped = readFileSync(new URL('../../../producer/sample/logs.json', import.meta.url), 'utf8')
    expect(shipped).toBe(`[\n${logs.map((log) => JSON.stringify(log)).join(',\n')}\n]\n`)
  })

  test('holds 71 successes and 1 failure of 8 sources over about 24 hours', () => {
    expect(logs.filter((log) => log.etat === 'SUCCESS')).toHaveLength(71)
    expect(logs.filter((log) => log.etat === 'FAILED')).toHaveLength(1)
    expect(new Set(logs.map((log) => log.source)).size).toBe(8)
    expect(endOf(logs.at(-1))).toBe(SAMPLE_NEWEST_MS)
    const hours = (SAMPLE_NEWEST_MS - endOf(logs[0])) / 3_600_000
    expect(hours).toBeGreaterThan(23)
    expect(hours).toBeLessThanOrEqual(24)
  })

  test('ends with a failure and, 2 to 3 minutes later, its recovery, both in the last five minutes', () => {
    const failedMs = endOf(logs[failed])
    expect(SAMPLE_NEWEST_MS - failedMs).toBeLessThan(5 * MINUTE_MS)
    expect(recovery?.etat).toBe('SUCCESS')
    expect(endOf(recovery) - failedMs).toBeGreaterThanOrEqual(2 * MINUTE_MS)
    expect(endOf(recovery) - failedMs).toBeLessThanOrEqual(3 * MINUTE_MS)
    expect(endOf(recovery)).toBeLessThan(SAMPLE_NEWEST_MS)
  })
})

describe('any number of logs', () => {
  const logs = logsOf(10_000, 7)

  test('comes in order of `fin`, 1 to 2 % of it failed', () => {
    const ends = logs.map(endOf)
    expect(ends).toEqual([...ends].sort((a, b) => a - b))
    const share = logs.filter((log) => log.etat === 'FAILED').length / logs.length
    expect(share).toBeGreaterThan(0.01)
    expect(share).toBeLessThan(0.02)
  })

  test('keeps the contract, with every field', () => {
    const normalise = normaliser(withAliases())
    const breaches = logs.filter((log) => {
      const normalised = normalise(Buffer.from(serialise(log)), 10)
      return !('line' in normalised) || serialise(normalised.line) !== serialise(log)
    })
    expect(breaches).toEqual([])
    expect(
      logs.filter((log) => Object.values(log).filter((value) => value !== undefined).length !== 10),
    ).toEqual([])
  })

  test('has durations that agree with its times, and lines of about 230 bytes', () => {
    const lengthMs = (log: LogLine) => endOf(log) - Date.parse(log.debut)
    expect(logs.filter((log) => Math.round(log.duree * 1000) !== lengthMs(log))).toEqual([])
    const sizes = logs.map((log) => serialise(log).length)
    expect(Math.min(...sizes)).toBeGreaterThan(195)
    expect(Math.max(...sizes)).toBeLessThan(300)
  })

  test('mends every failure with a success of the same source 2 to 3 minutes after it', () => {
    const failedMs = new Map<string, number>()
    const late: LogLine[] = []
    for (const log of logs) {
      const sinceMs = endOf(log) - (failedMs.get(log.source) ?? Number.NaN)
      const isInTime = sinceMs >= 2 * MINUTE_MS && sinceMs <= 3 * MINUTE_MS
      if (failedMs.delete(log.source) && !(isInTime && log.etat === 'SUCCESS')) late.push(log)
      if (log.etat === 'FAILED') failedMs.set(log.source, endOf(log))
    }
    expect(late).toEqual([])
    expect(failedMs.size).toBe(0)
  })

  test('is slow in the tail only: p95 is below 10 s for all sources but one', () => {
    const names = [...new Set(logs.map((log) => log.source))]
    const p95s = names.map((name) => {
      const durations = logs.filter((log) => log.source === name).map((log) => log.duree)
      return durations.sort((a, b) => a - b)[Math.floor(durations.length * 0.95)] ?? 0
    })
    expect(p95s.filter((p95) => p95 >= 10)).toHaveLength(1)
  })

  test('has more runs by day than by night', () => {
    const runsAt = (hours: number[]) =>
      logs.filter((log) => hours.includes(new Date(log.fin).getUTCHours())).length
    expect(runsAt([12, 13, 14, 15])).toBeGreaterThan(2 * runsAt([0, 1, 2, 3]))
  })

  test('is the same for the same seed, and another for another', () => {
    expect(logsOf(200, 7)).toEqual(logsOf(200, 7))
    expect(logsOf(200, 7)).not.toEqual(logsOf(200, 8))
  })

  test.each([0, 1, 2, 3, 4, 5, 71, 73, 143])(
    '%d logs are so many, the newest at the time asked for',
    (count) => {
      const few = logsOf(count)
      expect(few).toHaveLength(count)
      if (count > 0) expect(endOf(few.at(-1))).toBe(SAMPLE_NEWEST_MS)
    },
  )

  test('1,000,000 logs start less than 30 days before', () => {
    const first = sampleLogs({ count: 1_000_000, seed: 1, newestMs: SAMPLE_NEWEST_MS }).next().value
    expect(SAMPLE_NEWEST_MS - endOf(first)).toBeLessThan(30 * 24 * 60 * MINUTE_MS)
  })
})
