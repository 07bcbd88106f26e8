import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { createLease } from '../../kafka/consumer/lease.ts'

describe('a lease', () => {
  beforeEach(() => void jest.useFakeTimers())
  afterEach(() => void jest.useRealTimers())

  test('is none before the group has been heard', () => {
    const lease = createLease(6_000, Date.now)
    expect(lease.isValid()).toBe(false)
    lease.close()
  })

  test('ends a second before the session does, and breaks off what is under way', () => {
    const lease = createLease(6_000, Date.now)
    lease.renew(Date.now())
    const signal = lease.signal()
    jest.advanceTimersByTime(4_900)
    expect([lease.isValid(), signal.aborted]).toEqual([true, false])
    jest.advanceTimersByTime(400)
    expect([lease.isValid(), signal.aborted]).toEqual([false, true])
    lease.close()
  })

  test('renewed in time it goes on; renewed later it begins anew', () => {
    const lease = createLease(6_000, Date.now)
    lease.renew(Date.now())
    const first = lease.signal()
    jest.advanceTimersByTime(4_000)
    lease.renew(Date.now())
    jest.advanceTimersByTime(4_000)
    expect([lease.isValid(), first.aborted, lease.signal()]).toEqual([true, false, first])
    jest.advanceTimersByTime(2_000)
    lease.renew(Date.now())
    expect([lease.isValid(), lease.signal().aborted]).toEqual([true, false])
    lease.close()
  })

  test('counts from when the heartbeat was sent, not from when its answer was read', () => {
    const lease = createLease(6_000, Date.now)
    const sentMs = Date.now()
    jest.advanceTimersByTime(5_500)
    lease.renew(sentMs)
    expect(lease.isValid()).toBe(false)
    lease.renew(sentMs + 2_000)
    expect(lease.isValid()).toBe(true)
    lease.renew(sentMs + 1_000)
    jest.advanceTimersByTime(600)
    expect(lease.isValid()).toBe(true)
    lease.close()
  })
})
