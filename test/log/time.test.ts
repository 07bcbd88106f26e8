import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { canonicalTime, timeMs, timeWriter, utcMs } from '../../log/time.ts'

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

describe('utcMs', () => {
  const ofBytes = (text: string): number => {
    const around = Buffer.from(`"${text}"`)
    return utcMs(around, 1, around.length - 1)
  }

  test('reads from bytes what timeMs reads from text', () => {
    const max = new Date(Date.UTC(9999, 11, 31, 23, 59, 59, 999))
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max, noInvalidDate: true }), (date) => {
        const text = date.toISOString()
        expect(ofBytes(text)).toBe(date.getTime())
        expect(ofBytes(`${text.slice(0, 19)}Z`)).toBe(Math.floor(date.getTime() / 1000) * 1000)
      }),
      { numRuns: 3_000 },
    )
  })

  test('agrees with timeMs on any day and time that can be written, or says nothing', () => {
    const digits = (count: number) =>
      fc
        .oneof(fc.nat({ max: 40 }), fc.nat({ max: 10 ** count - 1 }))
        .map((value) => String(value).padStart(count, '0'))
    const parts = fc.tuple(digits(4), digits(2), digits(2), digits(2), digits(2), digits(2))
    fc.assert(
      fc.property(
        parts,
        fc.constantFrom('Z', '.123Z', '.1aZ', '.12Z', '+0100'),
        ([y, m, d, h, min, s], end) => {
          const text = `${y}-${m}-${d}T${h}:${min}:${s}${end}`
          const ms = ofBytes(text)
          if (!Number.isNaN(ms)) expect(ms).toBe(timeMs(text))
        },
      ),
      { numRuns: 3_000 },
    )
  })

  test.each([
    '',
    '2026-01-15T12:00:00z',
    '2026-01-15 12:00:00Z',
    '2026-01-15T12:00:0:Z',
    '2026-01-15T12:00:00,000Z',
  ])('says nothing of %j', (text) => {
    expect(ofBytes(text)).toBeNaN()
  })
})
