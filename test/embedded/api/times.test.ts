import { describe, expect, it } from '@jest/globals'
import { durationParameter, timeNs } from '../../../embedded/api/times.ts'

describe('times and durations that no 64 bits of nanoseconds hold', () => {
  it.each(['1e308', '-1e308', '1e11', '9223372036854775808', '-9223372036854775809', '9'.repeat(100_000)])(
    '%.30s is no time',
    (text) => {
      expect(timeNs(text)).toBeUndefined()
    },
  )

  it('the largest are', () => {
    expect(timeNs('9223372036854775807')).toBe(2n ** 63n - 1n)
    expect(timeNs('-9223372036854775808')).toBe(-(2n ** 63n))
  })

  it.each(['1e308', '-1e308', '1e11', '9'.repeat(100_000)])('%.30s is no duration', (step) => {
    expect(() => durationParameter(new URLSearchParams({ step }), 'step')).toThrow('to a valid duration')
  })
})
