import { describe, expect, test } from '@jest/globals'
import { shipperMetrics } from '../../shipper/metrics.ts'

const START_MS = Date.UTC(2026, 10, 21)
function atTime() {
  let nowMs = START_MS
  const metrics = shipperMetrics(() => nowMs)
  const value = async (name: string): Promise<number> => {
    const text = await metrics.registry.getSingleMetricAsString(`vigie_shipper_${name}`)
    return Number(text.trim().split(' ').at(-1))
  }
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { metrics, value, pass }
}

describe('lag', () => {
  test('adds the partitions up, and is as old as the oldest that waits', async () => {
    const { metrics, value, pass } = atTime()
    metrics.setLag('logs', 0, { messages: 5, oldestWaitingMs: START_MS - 2_000 })
    metrics.setLag('logs', 1, { messages: 7, oldestWaitingMs: START_MS - 9_000 })
    metrics.setLag('logs', 2, { messages: 0, oldestWaitingMs: undefined })
    pass(1_000)
    expect(await value('lag_messages')).toBe(12)
    expect(await value('lag_seconds')).toBe(10)
    metrics.setLag('logs', 1, { messages: 0, oldestWaitingMs: undefined })
    expect(await value('lag_messages')).toBe(5)
    expect(await value('lag_seconds')).toBe(3)
  })

  test('is nothing when nothing waits, or when the partitions are somebody else’s', async () => {
    const { metrics, value } = atTime()
    expect(await value('lag_seconds')).toBe(0)
    metrics.setLag('logs', 0, { messages: 5, oldestWaitingMs: START_MS - 2_000 })
    metrics.forgetLags()
    expect(await value('lag_messages')).toBe(0)
    expect(await value('lag_seconds')).toBe(0)
  })

  test('is never negative, also when clocks differ', async () => {
    const { metrics, value } = atTime()
    metrics.setLag('logs', 0, { messages: 1, oldestWaitingMs: START_MS + 5_000 })
    expect(await value('lag_seconds')).toBe(0)
  })
})

test('the last success counts from the start, then from each one', async () => {
  const { metrics, value, pass } = atTime()
  pass(4_000)
  expect(await value('seconds_since_last_success')).toBe(4)
  metrics.succeeded()
  pass(1_500)
  expect(await value('seconds_since_last_success')).toBe(1.5)
})
