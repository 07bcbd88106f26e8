import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { delayBeforeMs, outcomeOf } from '../../loki/outcome.ts'

describe('what Loki’s answers mean', () => {
  test.each([
    [200, 'stored', 'ok'],
    [204, 'stored', 'ok'],
    [201, 'stored', 'ok'],
    [260, 'retry', 'ingestion_blocked'],
    [301, 'retry', 'unexpected_status'],
    [304, 'retry', 'unexpected_status'],
    [400, 'refused', 'bad_request'],
    [401, 'retry', 'unauthorised'],
    [403, 'retry', 'forbidden'],
    [404, 'retry', 'not_found'],
    [413, 'refused', 'too_large'],
    [415, 'refused', 'unexpected_status'],
    [422, 'refused', 'unexpected_status'],
    [429, 'retry', 'rate_limited'],
    [500, 'retry', 'server_error'],
    [502, 'retry', 'server_error'],
    [503, 'retry', 'server_error'],
    [504, 'retry', 'server_error'],
    [0, 'retry', 'unexpected_status'],
    [100, 'retry', 'unexpected_status'],
  ] as const)('HTTP %d: %s (%s)', (status, kind, reason) => {
    expect(outcomeOf(status, 'why')).toEqual({ kind, reason, detail: `HTTP ${status}: why` })
  })

  test('the detail is trimmed and short, whatever Loki says', () => {
    expect(outcomeOf(400, ' entry too far behind\n').detail).toBe('HTTP 400: entry too far behind')
    expect(outcomeOf(500, 'x'.repeat(10_000)).detail.length).toBeLessThan(400)
  })

  test('nothing counts as stored but a success', () => {
    for (let status = 0; status < 700; status++)
      if (outcomeOf(status, '').kind === 'stored') expect(Math.floor(status / 100)).toBe(2)
  })
})

describe('the wait before a retry', () => {
  test('doubles from a quarter of a second up to ten seconds', () => {
    const waits = Array.from({ length: 9 }, (_, index) => delayBeforeMs(index + 1, 0))
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000])
  })

  test('is less up to half of it, and never grows beyond', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), random, (attempt, chance) => {
        const full = delayBeforeMs(attempt, 0)
        const wait = delayBeforeMs(attempt, chance)
        expect(wait).toBeLessThanOrEqual(full)
        expect(wait).toBeGreaterThanOrEqual(Math.floor(full / 2))
        expect(full).toBeLessThanOrEqual(10_000)
        expect(delayBeforeMs(attempt + 1, chance)).toBeGreaterThanOrEqual(wait)
      }),
    )
  })
})
