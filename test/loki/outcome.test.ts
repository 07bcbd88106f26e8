import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { delayBeforeMs, OUTCOMES, outcomeOf } from '../../loki/outcome.ts'

describe('what Loki’s answers mean', () => {
  test.each([
    [200, 'stored'],
    [204, 'stored'],
    [201, 'unexpected_status'],
    [260, 'ingestion_blocked'],
    [301, 'not_found'],
    [400, 'bad_request'],
    [401, 'unauthorised'],
    [403, 'forbidden'],
    [404, 'not_found'],
    [405, 'not_found'],
    [408, 'server_error'],
    [413, 'too_large'],
    [415, 'bad_request'],
    [422, 'bad_request'],
    [500, 'server_error'],
    [502, 'server_error'],
    [503, 'server_error'],
    [504, 'server_error'],
    [0, 'unexpected_status'],
    [100, 'unexpected_status'],
  ] as const)('HTTP %d: %s', (status, name) => {
    expect(outcomeOf(status, 'why')).toEqual({ name, detail: `HTTP ${status}: why` })
  })

  // Loki 3.7.6's own words.
  test.each([
    [
      429,
      'ingestion rate limit exceeded for user fake (limit: 4194304 bytes/sec) while attempting to ingest …',
      'rate_limited',
    ],
    [429, 'Per stream rate limit exceeded (limit: 3MB/sec) while attempting to ingest …', 'stream_limited'],
    [429, 'Maximum active stream limit exceeded when trying to create stream …', 'stream_limited'],
    [400, "entry with timestamp … ignored, reason: 'Per stream rate limit exceeded …'", 'stream_limited'],
    [400, "entry with timestamp … ignored, reason: 'entry too far behind …'", 'bad_request'],
  ] as const)('HTTP %d %j: %s', (status, body, name) => {
    expect(outcomeOf(status, body).name).toBe(name)
  })

  test('the detail is trimmed and short, whatever Loki says', () => {
    expect(outcomeOf(400, ' entry too far behind\n').detail).toBe('HTTP 400: entry too far behind')
    expect(outcomeOf(500, 'x'.repeat(10_000)).detail.length).toBeLessThan(700)
  })

  test('only 200 and 204 are believed to say that all is stored', () => {
    for (let status = 0; status < 700; status++)
      expect(outcomeOf(status, '').name === 'stored').toBe(status === 200 || status === 204)
  })

  test('what may still arrive is asked for before it is sent again', () => {
    for (const { resend, mayStillArrive } of Object.values(OUTCOMES))
      if (mayStillArrive) expect(resend).toBe('missing')
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
