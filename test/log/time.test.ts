import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { canonicalTime, timeMs, timeWriter } from '../../log/time.ts'

describe('timeMs', () => {
  test.each([
    ['2026-01-15T12:00:00Z', '2026-01-15T12:00:00.000Z'],
    ['2024-02-29T12:00:00Z', '2024-02-29T12:00:00.000Z'],
    ['2026-01-31T12:00:00z', '2026-01-31T12:00:00.000Z'],
    ['2026-01-15T12:00:00', '2026-01-15T12:00:00.000Z'],
    ['2026-01-15T12:00', '2026-01-15T12:00:00.000Z'],
    ['2026-01-15 12:00:00.5', '2026-01-15T12:00:00.500Z'],
    ['2026-01-15T12:00:00.123456789Z', '2026-01-15T12:00:00.123Z'],
    ['2026-01-15T12:00:00+02:00', '2026-01-15T10:00:00.000Z'],
    ['2026-01-15T12:00:00-0530', '2026-01-15T17:30:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(new Date(timeMs(text)).toISOString()).toBe(expected)
  })

  test.each([
    '',
    '1',
    'March 7',
    'yesterday',
    '2026-01-15',
    '2026-13-01T00:00:00Z',
    '15/01/2026 12:00',
    '1768478400',
    '2025-02-29T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-15T25:00:00Z',
  ])('%j is no time', (text) => {
    expect(timeMs(text)).toBeNaN()
  })
})

describe('writing times', () => {
  const instant = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2250, 0, 1) })

  test('timeWriter writes what toISOString writes, whatever came before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(instant, fc.integer({ min: 1_795_000_000_000, max: 1_795_000_200_000 }))),
        (all) => {
          const write = timeWriter()
          expect(all.map(write)).toEqual(all.map((ms) => new Date(ms).toISOString()))
        },
      ),
    )
  })

  test('canonicalTime is the ISO form, whatever form the time had', () => {
    fc.assert(
      fc.property(
        instant,
        fc.constantFrom('T', ' '),
        fc.constantFrom('Z', '', '+00:00', 'z'),
        (ms, between, zone) => {
          const iso = new Date(ms).toISOString()
          const text = iso.replace('T', between).replace('Z', zone)
          expect(canonicalTime(text, timeMs(text))).toBe(iso)
        },
      ),
    )
    expect(canonicalTime('2026-01-15T12:00:00.0001Z', timeMs('2026-01-15T12:00:00.0001Z'))).toBe(
      '2026-01-15T12:00:00.000Z',
    )
  })
})
