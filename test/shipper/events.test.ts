import { describe, expect, test } from '@jest/globals'
import { look, nothingWatched } from '../../kafka/consumer/stall.ts'
import { type WatchedWork, watchedWork } from '../../kafka/consumer/stall-watch.ts'
import { type Logger } from '../../service/log.ts'
import { shipperEvents } from '../../shipper/events.ts'
import { shipperMetrics } from '../../shipper/metrics.ts'
import { type ShippedTopic } from '../../shipper/side.ts'

function shipper() {
  const levels: string[] = []
  const line = (level: string) => () => levels.push(level)
  const logger: Logger = {
    error: line('error'),
    warn: line('warn'),
    info: line('info'),
    debug: line('debug'),
  }
  const obstacles = new Map<string, string>()
  const metrics = shipperMetrics(() => [])
  return { events: shipperEvents(metrics, logger, obstacles), obstacles, metrics, levels }
}

describe('what is an error', () => {
  const at = { topic: 'logs', partition: 3, generation: 1 }

  test('what is lost, passed over, a defect, or cannot be set aside: people have to see to it', () => {
    const { events, levels } = shipper()
    events.gap({ ...at, from: 5, to: 9, cause: 'retention' })
    events.gap({ ...at, from: 5, to: 0, cause: 'truncated' })
    events.unreadable({ ...at, firstOffset: 5, nextOffset: 9, problem: 'damaged' })
    events.defect('logs', 3, '5', new Error('no'))
    events.deadLettersFailed(new Error('no'))
    expect(levels).toEqual(['error', 'error', 'error', 'error', 'error'])
  })

  test('not what was refused, which an alert of its own counts, nor what is tried again', () => {
    const { events, levels } = shipper()
    const refusal = { reason: 'bad_request', detail: 'too new' } as const
    for (const isSide of [false, true]) events.refused({ isSide } as ShippedTopic, 'logs', 2, refusal)
    events.commitFailed(new Error('no'))
    expect(levels).toEqual(['warn', 'warn', 'warn'])
  })
})

test('a lost range is counted by its cause', async () => {
  const { events, metrics } = shipper()
  events.gap({ topic: 'logs', partition: 3, generation: 1, from: 5, to: 9, cause: 'retention' })
  expect(await metrics.registry.getSingleMetricAsString('vigie_shipper_lost_records_total')).toContain(
    'vigie_shipper_lost_records_total{topic="logs",cause="retention"} 4',
  )
})

test('a stuck partition is counted, and stands in the way of being ready', async () => {
  const { events, obstacles, metrics, levels } = shipper()
  const watched = watchedWork([{ topic: 'logs', partition: 3, acknowledged: 7, lag: 2 }], obstacles)
  let stalls = nothingWatched<WatchedWork>()
  for (let nowMs = 0; nowMs <= 75_000; nowMs += 5_000) {
    const looked = look(stalls, watched, nowMs)
    stalls = looked.stalls
    events.stalls(looked)
  }
  expect([...obstacles.values()]).toEqual(['logs/3: nothing was acknowledged for 75 s; 2 records wait'])
  expect(levels).toEqual(['error'])
  const gauge = () => metrics.registry.getSingleMetricAsString('vigie_shipper_stuck_partitions')
  expect(await gauge()).toContain('vigie_shipper_stuck_partitions 1')
  events.stalls(look(stalls, [], 80_000))
  expect(obstacles.size).toBe(0)
  expect(await gauge()).toContain('vigie_shipper_stuck_partitions 0')
})

test('offsets that cannot be committed stand in the way until they are, or their partitions are given up', () => {
  const { events, obstacles } = shipper()
  events.commitFailed(new Error('the coordinator is away'))
  expect([...obstacles.values()]).toEqual([
    'Kafka: the offsets could not be committed: the coordinator is away',
  ])
  events.committed()
  expect(obstacles.size).toBe(0)
  events.commitFailed(new Error('the coordinator is away'))
  events.partitionsEnded(2)
  expect(obstacles.size).toBe(0)
})
