import { describe, expect, test } from '@jest/globals'
import { type Stream } from '../../loki/encode.ts'
import { DEFAULT_LIMITS } from '../../loki/limits.ts'
import { createDoubt } from '../../shipper/doubt.ts'

const stream = (name: string, seconds: number, bytes = 1): Stream => ({
  labels: `{a="${name}"}`,
  entries: [{ seconds, nanos: 0, line: Buffer.alloc(bytes) }],
})
const HOUR_S = 3_600

describe('a push of several streams is doubted', () => {
  test('when one is new, and not when all are known', () => {
    const doubt = createDoubt(() => 0)
    expect(doubt.of([stream('x', 1), stream('y', 1)], DEFAULT_LIMITS)).toBe(true)
    expect(doubt.of([stream('x', 2), stream('y', 2)], DEFAULT_LIMITS)).toBe(false)
    expect(doubt.of([stream('x', 3), stream('z', 3)], DEFAULT_LIMITS)).toBe(true)
  })

  test('when one is far behind its newest', () => {
    const doubt = createDoubt(() => 0)
    const both = (seconds: number) =>
      doubt.of([stream('x', seconds), stream('y', 9 * HOUR_S)], DEFAULT_LIMITS)
    both(9 * HOUR_S)
    expect(both(8.6 * HOUR_S)).toBe(false)
    expect(both(8.4 * HOUR_S)).toBe(true)
  })

  test('when one gets more than half of what a stream may', () => {
    let nowMs = 0
    const doubt = createDoubt(() => nowMs)
    const megabytes = (count: number) =>
      doubt.of([stream('x', 1, count * 1_048_576), stream('y', 1)], DEFAULT_LIMITS)
    megabytes(1)
    expect(megabytes(6)).toBe(false)
    expect(megabytes(1)).toBe(true)
    nowMs += 4_000
    expect(megabytes(1)).toBe(false)
  })
})

test('a push of one stream is never doubted: its answer is its own', () => {
  const doubt = createDoubt(() => 0)
  expect(doubt.of([stream('x', 1, 1e9)], DEFAULT_LIMITS)).toBe(false)
})
