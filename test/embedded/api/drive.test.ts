import { describe, expect, it } from '@jest/globals'
import { drive } from '../../../embedded/api/drive.ts'

const NEVER = new AbortController().signal

/** Longer than a query works at a time, so that each step is a slice. */
const STEP_MS = 5

/** Work of so many steps that notes in which turn of the event loop each of them was. */
function* work(steps: number, turns: number[], turn: () => number): Generator<void, string> {
  for (let step = 0; step < steps; step++) {
    turns.push(turn())
    for (const untilMs = performance.now() + STEP_MS; performance.now() < untilMs; );
    yield
  }
  return 'done'
}

describe('driving work', () => {
  it('lets requests go before each slice of each query, not once for all', async () => {
    let turns = 0
    let isOver = false
    const count = () => {
      turns++
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    await new Promise((resolve) => setImmediate(resolve))
    const slices: number[][] = [[], [], [], []]
    const all = slices.map((own) =>
      drive(
        work(5, own, () => turns),
        NEVER,
      ),
    )
    expect(await Promise.all(all)).toEqual(['done', 'done', 'done', 'done'])
    isOver = true
    // All began in one turn, as requests do that come together.
    const later = slices.flatMap((own) => own.slice(1))
    expect(later).toHaveLength(16)
    expect(new Set(later).size).toBe(later.length)
  })

  it('goes on with others when one of them fails', async () => {
    const failing = (function* (): Generator<void, never> {
      for (const untilMs = performance.now() + 10; performance.now() < untilMs; ) yield
      throw new Error('on purpose')
    })()
    const other = drive(
      work(6, [], () => 0),
      NEVER,
    )
    await expect(drive(failing, NEVER)).rejects.toThrow('on purpose')
    expect(await other).toBe('done')
  })

  it('ends with the reason of the signal', async () => {
    const ended = new AbortController()
    const endless = drive(
      work(2_000, [], () => 0),
      ended.signal,
    )
    setTimeout(() => ended.abort(new Error('timed out')), 10)
    await expect(endless).rejects.toThrow('timed out')
  })
})
