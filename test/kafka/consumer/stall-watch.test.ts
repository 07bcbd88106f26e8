import { beforeEach, describe, expect, jest, test } from '@jest/globals'
import { type Standing, tellStalls, watchedWork, watchStalls } from '../../../kafka/consumer/stall-watch.ts'
import { type Logger } from '../../../service/log.ts'

/** A service whose partitions and obstacles a test sets, and what it says. */
function service() {
  const state = { standings: [] as Standing[], stuck: 0 }
  const obstacles = new Map<string, string>()
  const said: [string, string, Record<string, unknown> | undefined][] = []
  const line = (level: string) => (message: string, details?: Record<string, unknown>) =>
    said.push([level, message, details])
  const logger: Logger = {
    error: line('error'),
    warn: line('warn'),
    info: line('info'),
    debug: line('debug'),
  }
  const end = watchStalls(
    () => watchedWork(state.standings, obstacles),
    (looked) => {
      state.stuck = tellStalls(looked, logger, obstacles)
    },
  )
  return { state, obstacles, said, end }
}
const waiting: Standing = { topic: 'logs', partition: 3, acknowledged: 100, lag: 412 }

beforeEach(() => {
  jest.useFakeTimers()
})

describe('a stuck partition', () => {
  test('stands in the way of being ready, with how long and how much, and is an error in the log', () => {
    const { state, obstacles, said, end } = service()
    state.standings = [waiting, { ...waiting, partition: 4, lag: 0 }]
    obstacles.set('push', 'Loki: HTTP 503')
    jest.advanceTimersByTime(60_000)
    expect(obstacles.size).toBe(1)
    jest.advanceTimersByTime(20_000)
    expect(obstacles.get('stuck logs 3')).toBe('logs/3: nothing was acknowledged for 75 s; 412 records wait')
    expect(state.stuck).toBe(1)
    expect(said).toEqual([
      [
        'error',
        'a partition is stuck: records wait, and nothing is acknowledged',
        {
          ...{ topic: 'logs', partition: 3, acknowledged: 100, lag: 412, seconds: 60 },
          reasons: ['Loki: HTTP 503'],
        },
      ],
    ])
    end()
  })

  test('stands in nobody’s way once it moves', () => {
    const { state, obstacles, said, end } = service()
    state.standings = [{ ...waiting, lag: 1 }]
    jest.advanceTimersByTime(65_000)
    expect([...obstacles.values()]).toEqual(['logs/3: nothing was acknowledged for 60 s; 1 record waits'])
    state.standings = [{ ...waiting, acknowledged: 101, lag: 0 }]
    jest.advanceTimersByTime(5_000)
    expect([obstacles.size, state.stuck]).toEqual([0, 0])
    expect(said.map(([level, message]) => [level, message]).at(-1)).toEqual([
      'info',
      'a partition that was stuck moves again',
    ])
    end()
  })

  test('is nobody’s obstacle any more when it is given up', () => {
    const { state, obstacles, said, end } = service()
    state.standings = [waiting]
    jest.advanceTimersByTime(65_000)
    state.standings = []
    jest.advanceTimersByTime(5_000)
    expect(obstacles.size).toBe(0)
    expect(said.at(-1)?.[0]).toBe('info')
    end()
  })
})

describe('what keeps the lag from being known', () => {
  test.each(['joining', 'kafka group', 'kafka fetch 1', 'kafka commit'])(
    '%s is an error, too, when it stays',
    (of) => {
      const { obstacles, said, end } = service()
      obstacles.set(of, 'Kafka: nobody answers')
      jest.advanceTimersByTime(65_000 + 300_000)
      const message = 'Kafka has not done what it is asked for a while; see to it'
      expect(said.map(([level, text]) => [level, text])).toEqual([
        ['error', message],
        ['error', message],
      ])
      obstacles.delete(of)
      jest.advanceTimersByTime(5_000)
      expect(said.at(-1)?.slice(0, 2)).toEqual(['info', 'Kafka does what it is asked again'])
      end()
    },
  )

  test('is nothing when it passes, and Loki’s obstacles are told by the partitions', () => {
    const { obstacles, said, end } = service()
    obstacles.set('kafka group', 'Kafka: the coordinator moves')
    obstacles.set('loki', 'Loki: no answer')
    jest.advanceTimersByTime(50_000)
    obstacles.delete('kafka group')
    jest.advanceTimersByTime(600_000)
    expect(said).toEqual([])
    end()
  })
})

test('a watch that was ended looks no more', () => {
  const { state, said, end } = service()
  state.standings = [waiting]
  end()
  jest.advanceTimersByTime(600_000)
  expect(said).toEqual([])
})
