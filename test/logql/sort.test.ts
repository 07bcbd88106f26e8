import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { run } from '../../logql/evaluate/run.ts'
import { sortedInPieces } from '../../logql/evaluate/sort.ts'

type Item = { key: number; place: number }
const byKey = (a: Item, b: Item): number => a.key - b.key
const itemsOf = (keys: readonly number[]): Item[] => keys.map((key, place) => ({ key, place }))

describe('sorting in pieces', () => {
  it('gives what sorting at once gives, equal ones as they came', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6_000 }), fc.integer({ min: 1, max: 50 }), (length, keys) => {
        const items = itemsOf(Array.from({ length }, (_, index) => (index * 7_919) % keys))
        expect(run(sortedInPieces(items, byKey))).toEqual(items.toSorted(byKey))
      }),
      { numRuns: 50 },
    )
  })

  it('leaves what it is given as it is, and never compares many at once', () => {
    const items = itemsOf(Array.from({ length: 50_000 }, (_, index) => (index * 7_919) % 50_021))
    const before = [...items]
    let compared = 0
    let most = 0
    const work = sortedInPieces(items, (a, b) => {
      compared++
      return byKey(a, b)
    })
    while (work.next().done !== true) {
      most = Math.max(most, compared)
      compared = 0
    }
    expect(items).toEqual(before)
    expect(most).toBeLessThan(20_000)
  })
})
