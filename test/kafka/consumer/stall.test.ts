import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  look,
  nothingWatched,
  STUCK_AFTER_MS,
  type Stalls,
  stuckOf,
  TELL_AGAIN_MS,
  type Watched,
} from '../../../kafka/consumer/stall.ts'

const EVERY_MS = 5_000
const at = (progress: number, more: Partial<Watched> = {}): Watched => ({
  ...{ key: 'logs 3', group: 'logs', progress, isWaiting: true },
  ...more,
})
const other = (progress: number): Watched => at(progress, { key: 'logs 4' })

/** A watch that looks every 5 seconds; what it says, with the second at which it said it. */
function watch() {
  let stalls: Stalls<Watched> = nothingWatched()
  let nowMs = 1_000_000
  const said: string[] = []
  const lookOnce = (...watched: Watched[]) => {
    const looked = look(stalls, watched, nowMs)
    stalls = looked.stalls
    for (const { is, stall } of looked.news)
      said.push(`${(nowMs - 1_000_000) / 1_000}: ${stall.of.key} ${is} ${stall.stillMs / 1_000}`)
    nowMs += EVERY_MS
  }
  const lookFor = (ms: number, ...watched: Watched[]) => {
    for (let passed = 0; passed < ms; passed += EVERY_MS) lookOnce(...watched)
  }
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { said, lookOnce, lookFor, pass, stuck: () => stuckOf(stalls).map(({ of }) => of.key) }
}

describe('a partition of which nothing is acknowledged', () => {
  test('is stuck after a minute, not before', () => {
    const { said, lookFor, lookOnce, stuck } = watch()
    lookFor(STUCK_AFTER_MS, at(7))
    expect([said, stuck()]).toEqual([[], []])
    lookOnce(at(7))
    expect([said, stuck()]).toEqual([['60: logs 3 stuck 60'], ['logs 3']])
  })

  test('is told again each five minutes, and once that it moves', () => {
    const { said, lookFor, lookOnce, stuck } = watch()
    lookFor(STUCK_AFTER_MS + 2 * TELL_AGAIN_MS + EVERY_MS, at(7))
    lookFor(60_000, at(8))
    lookOnce(at(9))
    expect(said).toEqual([
      '60: logs 3 stuck 60',
      '360: logs 3 stuck 360',
      '660: logs 3 stuck 660',
      '665: logs 3 moving 660',
    ])
    expect(stuck()).toEqual([])
  })

  test('begins anew when it moved by a single record', () => {
    const { said, lookFor } = watch()
    for (let offset = 0; offset < 10; offset++) lookFor(STUCK_AFTER_MS, at(offset))
    expect(said).toEqual([])
  })

  test('is not stuck while nothing waits, and counts from when something does', () => {
    const { said, lookFor } = watch()
    lookFor(600_000, at(7, { isWaiting: false }))
    lookFor(STUCK_AFTER_MS, at(7))
    expect(said).toEqual(['655: logs 3 stuck 60'])
  })

  test('is gone when another member has it', () => {
    const { said, lookFor, lookOnce } = watch()
    lookFor(65_000, at(7))
    lookOnce()
    lookOnce(at(7))
    expect(said).toEqual(['60: logs 3 stuck 60', '65: logs 3 gone 60'])
  })

  test('is not told from what others do', () => {
    const { said, lookOnce } = watch()
    for (let offset = 0; offset < 20; offset++) lookOnce(other(offset), at(7))
    expect(said).toEqual(['60: logs 3 stuck 60'])
  })
})

describe('a partition that waits its turn', () => {
  const behind = at(7, { waitsItsTurn: true })

  test('is not stuck as long as another one of its topic gets on', () => {
    const { said, lookOnce } = watch()
    for (let offset = 0; offset < 100; offset++) lookOnce(behind, other(offset))
    expect(said).toEqual([])
  })

  test('is stuck when what it waits for is, and not through other topics', () => {
    const { said, lookOnce } = watch()
    for (let offset = 0; offset < 13; offset++)
      lookOnce(behind, other(1), at(offset, { key: 'side 0', group: 'side' }))
    expect(said).toEqual(['60: logs 3 stuck 60', '60: logs 4 stuck 60'])
  })

  test('keeps nobody else going who waits as well', () => {
    const { said, lookOnce } = watch()
    for (let offset = 0; offset < 13; offset++) lookOnce(behind, { ...other(offset), waitsItsTurn: true })
    expect(said).toEqual(['60: logs 3 stuck 60'])
  })
})

test('a process that was suspended did not watch meanwhile', () => {
  const { said, lookOnce, lookFor, pass } = watch()
  lookFor(30_000, at(7))
  pass(3_600_000)
  lookOnce(at(7))
  expect(said).toEqual([])
  lookOnce(at(8))
  expect(said).toEqual([])
})

test('whatever happens, one is stuck just when it did not move for a minute of looking', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ moves: fc.boolean(), isWaiting: fc.boolean(), ms: fc.integer({ min: 1, max: 20_000 }) }),
      ),
      (steps) => {
        let stalls: Stalls<Watched> = nothingWatched()
        let [nowMs, progress, stillMs] = [0, 0, 0]
        stalls = look(stalls, [at(0)], nowMs).stalls
        for (const { moves, isWaiting, ms } of steps) {
          nowMs += ms
          if (moves) progress++
          stillMs = moves || !isWaiting ? 0 : stillMs + Math.min(ms, 10_000)
          stalls = look(stalls, [at(progress, { isWaiting })], nowMs).stalls
          expect(stuckOf(stalls).length).toBe(stillMs >= STUCK_AFTER_MS ? 1 : 0)
        }
      },
    ),
  )
})
