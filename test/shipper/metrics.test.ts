import { describe, expect, test } from '@jest/globals'
import { type LaneStatus } from '../../shipper/lane/state.ts'
import { shipperMetrics } from '../../shipper/metrics.ts'

const START_MS = Date.UTC(2026, 10, 21)
const IDLE: LaneStatus = {
  acknowledged: 0,
  lag: 0,
  oldestWaitingMs: undefined,
  oldestUncommittedMs: undefined,
  headSeconds: undefined,
  waitsItsTurn: false,
}
function atTime() {
  let nowMs = START_MS
  let statuses: LaneStatus[] = []
  const metrics = shipperMetrics(
    () => statuses.map((status, partition) => ({ topic: 'logs', partition, ...status })),
    () => nowMs,
  )
  const value = async (name: string): Promise<number> => {
    const text = await metrics.registry.getSingleMetricAsString(`vigie_shipper_${name}`)
    return Number(text.trim().split(' ').at(-1))
  }
  const pass = (ms: number) => {
    nowMs += ms
  }
  const status = (...partitions: Partial<LaneStatus>[]) => {
    statuses = partitions.map((each) => ({ ...IDLE, ...each }))
  }
  return { metrics, value, pass, status }
}

describe('lag', () => {
  test('adds the partitions up, and is as old as the oldest that waits', async () => {
    const { value, pass, status } = atTime()
    const slow = { lag: 7, oldestWaitingMs: START_MS - 9_000 }
    const quick = { lag: 5, oldestWaitingMs: START_MS - 2_000 }
    status(quick, slow, {})
    pass(1_000)
    expect(await value('lag_messages')).toBe(12)
    expect(await value('lag_seconds')).toBe(10)
    status(quick, {}, {})
    expect(await value('lag_messages')).toBe(5)
    expect(await value('lag_seconds')).toBe(3)
  })

  test('is nothing when nothing waits, or when the partitions are somebody else’s', async () => {
    const { value } = atTime()
    expect(await value('lag_messages')).toBe(0)
    expect(await value('lag_seconds')).toBe(0)
  })

  test('is never negative, also when clocks differ', async () => {
    const { value, status } = atTime()
    status({ lag: 1, oldestWaitingMs: START_MS + 5_000 })
    expect(await value('lag_seconds')).toBe(0)
  })
})

test('what is stored, but not committed, has an age too', async () => {
  const { value, status } = atTime()
  status({ oldestUncommittedMs: START_MS - 4_000 }, { oldestUncommittedMs: START_MS - 3_000 })
  expect(await value('oldest_uncommitted_seconds')).toBe(4)
  expect(await value('lag_seconds')).toBe(0)
})

test('the last success counts from the start, then from each one', async () => {
  const { metrics, value, pass } = atTime()
  pass(4_000)
  expect(await value('seconds_since_last_success')).toBe(4)
  metrics.succeeded()
  pass(1_500)
  expect(await value('seconds_since_last_success')).toBe(1.5)
})
