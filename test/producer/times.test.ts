import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { dueMs, newEnd } from '../../producer/times.ts'

const ms = fc.integer({ min: 0, max: 4e12 })

describe('new ends', () => {
  test('shift: the newest log ends at the start of the replay, and spacing is kept', () => {
    fc.assert(
      fc.property(ms, ms, ms, ms, ms, (newestMs, startMs, one, other, nowMs) => {
        const end = newEnd('shift', newestMs, startMs)
        expect(end(newestMs, nowMs)).toBe(startMs)
        expect(end(one, nowMs) - end(other, nowMs)).toBe(one - other)
      }),
    )
  })

  test('original: as they are', () => {
    expect(newEnd('original', 5_000, 9_000)(1_234, 7_777)).toBe(1_234)
  })

  test('now: each when it is sent', () => {
    const end = newEnd('now', 5_000, 9_000)
    expect([end(1_234, 7_777), end(1_234, 8_888)]).toEqual([7_777, 8_888])
  })
})

describe('when a log is due', () => {
  test.each([
    ['at once without a pace', {}, 1_000, 60_000, 0],
    ['by rate: the first at once', { ratePerSecond: 50 }, 0, 0, 0],
    ['by rate: one after another', { ratePerSecond: 50 }, 100, 0, 2_000],
    ['by a rate below one a second', { ratePerSecond: 0.5 }, 3, 0, 6_000],
    ['by speed: its own spacing', { speed: 1 }, 7, 60_000, 60_000],
    ['by speed: that much faster', { speed: 60 }, 7, 60_000, 1_000],
    ['by speed: or slower', { speed: 0.5 }, 7, 60_000, 120_000],
    ['by both: the rate when it is later', { speed: 60, ratePerSecond: 1 }, 7, 60_000, 7_000],
    ['by both: the spacing when it is later', { speed: 1, ratePerSecond: 1 }, 7, 60_000, 60_000],
    ['a log out of order by speed is never due before the start', { speed: 1 }, 7, -60_000, 0],
  ])('%s', (_, pace, index, sinceFirstMs, expected) => {
    expect(Math.max(0, dueMs(pace, index, sinceFirstMs))).toBe(expected)
  })
})
