import { describe, expect, test } from '@jest/globals'
import { spread } from '../../bench/latency.ts'
import { latencyText } from '../../bench/table.ts'

describe('spread', () => {
  test('is the median, the 99th of a hundred, and the longest', () => {
    const latencies = Array.from({ length: 100 }, (_, index) => 100 - index)
    expect(spread(latencies)).toEqual({ probes: 100, p50Ms: 50, p99Ms: 99, maxMs: 100 })
  })

  test('a log that was never seen is the longest', () => {
    expect(spread([3, Number.POSITIVE_INFINITY, 1])).toEqual({
      probes: 3,
      p50Ms: 3,
      p99Ms: Number.POSITIVE_INFINITY,
      maxMs: Number.POSITIVE_INFINITY,
    })
  })
})

test('the latency is told with its target', () => {
  const report = {
    messages: 100_000,
    messagesPerSecond: 5_001.2,
    probes: 900,
    p50Ms: 32,
    p99Ms: 88,
    maxMs: 122,
  }
  expect(latencyText(report).replaceAll('\u202f', ' ')).toBe(
    'from Kafka to LogQL at 5 001 msg/s: p50 32 ms, p99 88 ms (target < 250), longest 122 ms, of 900 logs',
  )
})
