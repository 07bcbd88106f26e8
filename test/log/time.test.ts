import { describe, expect, test } from '@jest/globals'
import { timeMs } from '../../log/time.ts'

describe('timeMs', () => {
  test.each([
    ['2026-01-15T12:00:00Z', '2026-01-15T12:00:00.000Z'],
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
  ])('%j is no time', (text) => {
    expect(timeMs(text)).toBeNaN()
  })
})
