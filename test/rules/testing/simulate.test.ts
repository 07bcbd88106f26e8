import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Activity, type AlertState, statesAt } from '../../../rules/testing/simulate.ts'

const [FROM, EVERY] = [1_000, 10]
const clock = { fromMs: FROM, everyMs: EVERY }
const labels = { source: 'crm' }
const active = (...steps: number[]): Activity[] => [
  { labels, atMs: new Set(steps.map((step) => FROM + step * EVERY)) },
]
const stateAt = (activities: Activity[], forMs: number, instantMs: number) =>
  statesAt(activities, forMs, clock, instantMs).map(({ state }) => state)

describe('statesAt', () => {
  test('without `for` an alert fires at the first evaluation, and is gone at the first without it', () => {
    const activities = active(2, 3)
    expect(stateAt(activities, 0, FROM + 19)).toEqual([])
    expect(stateAt(activities, 0, FROM + 20)).toEqual(['firing'])
    expect(stateAt(activities, 0, FROM + 39)).toEqual(['firing'])
    expect(stateAt(activities, 0, FROM + 40)).toEqual([])
  })

  test('it is pending for as long as `for` says, and starts anew after a gap', () => {
    const activities = active(0, 1, 2, 4, 5)
    expect([0, 10, 19, 20, 30, 40, 50].map((ms) => stateAt(activities, 20, FROM + ms)[0])).toEqual([
      ...['pending', 'pending', 'pending', 'firing', undefined, 'pending', 'pending'],
    ])
  })

  test('a `for` between two evaluations is over at the next', () => {
    expect([10, 20].map((ms) => stateAt(active(0, 1, 2), 15, FROM + ms)[0])).toEqual(['pending', 'firing'])
  })

  test('nothing was evaluated before the start', () => {
    expect(stateAt(active(-1, 0), 0, FROM - 1)).toEqual([])
    expect(stateAt(active(-5, -4, -3, -2, -1, 0), 20, FROM)).toEqual(['pending'])
  })

  test('each series has a state of its own', () => {
    const both = [...active(0, 1, 2), { labels: { source: 'erp' }, atMs: new Set([FROM + 2 * EVERY]) }]
    expect(statesAt(both, 20, clock, FROM + 20)).toEqual([
      { labels, state: 'firing' },
      { labels: { source: 'erp' }, state: 'pending' },
    ])
  })

  /** The ruler, step by step, as Prometheus describes it: one evaluation after the other changes the state. */
  function ruled(found: readonly boolean[], forMs: number): (AlertState['state'] | undefined)[] {
    let activeAt: number | undefined
    return found.map((isFound, step) => {
      if (!isFound) activeAt = undefined
      else activeAt ??= step * EVERY
      if (activeAt === undefined) return undefined
      return step * EVERY - activeAt >= forMs ? 'firing' : 'pending'
    })
  }

  test('is what a ruler that goes from evaluation to evaluation comes to', () => {
    const found = fc.array(
      fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
      { minLength: 1, maxLength: 20 },
    )
    fc.assert(
      fc.property(found, fc.integer({ min: 0, max: 120 }), fc.nat(EVERY - 1), (answers, forMs, between) => {
        const steps = answers.flatMap((isFound, step) => (isFound ? [step] : []))
        const states = answers.map(
          (_, step) => stateAt(active(...steps), forMs, FROM + step * EVERY + between)[0],
        )
        expect(states).toEqual(ruled(answers, forMs))
      }),
      { numRuns: 300 },
    )
  })
})
