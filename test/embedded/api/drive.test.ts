import { describe, expect, it } from '@jest/globals'
import { drive } from '../../../embedded/api/drive.ts'

const NEVER = new AbortController().signal

/** Work of so many ms that notes in which turn of the event loop each of its slices was. */
function* work(ms: number, slices: number[][], turn: () => number): Generator<void, string> {
  const own: number[] = []
  slices.push(own)
  for (const untilMs = performance.now() + ms; performance.now() < untilMs; ) {
    if (own.at(-1) !== turn()) own.push(turn())
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
    const slices: number[][] = []
    // Begun in one turn, as requests are that come together: only the slices after the first are looked at.
    const all = [1, 2, 3, 4].map(() =>
      drive(
        work(60, slices, () => turns),
        NEVER,
      ),
    )
    expect(await Promise.all(all)).toEqual(['done', 'done', 'done', 'done'])
    isOver = true
    const later = slices.flatMap((own) => own.slice(1))
    expect(later.length).toBeGreaterThan(8)
    expect(new Set(later).size).toBe(later.length)
  })

  it('goes on with others when one of them fails', async () => {
    const failing = (function* (): Generator<void, never> {
      for (const untilMs = performance.now() + 10; performance.now() < untilMs; ) yield
      throw new Error('on purpose')
    })()
    const other = drive(
      work(30, [], () => 0),
      NEVER,
    )
    await expect(drive(failing, NEVER)).rejects.toThrow('on purpose')
    expect(await other).toBe('done')
  })

  it('ends with the reason of the signal', async () => {
    const ended = new AbortController()
    const endless = drive(
      work(10_000, [], () => 0),
      ended.signal,
    )
    setTimeout(() => ended.abort(new Error('timed out')), 10)
    await expect(endless).rejects.toThrow('timed out')
  })
})
