import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createIdSet } from '../../../shipper/letters/id-set.ts'

// Few different ones, among them those that mark free slots or share one.
const id = fc.oneof(fc.bigInt(0n, 5n), fc.constantFrom(1_024n, 1n << 63n), fc.bigInt(0n, (1n << 64n) - 1n))

test('it holds what a Set holds, but that 0 counts as 1', () => {
  fc.assert(
    fc.property(fc.array(id, { maxLength: 3_000, size: 'max' }), (ids) => {
      const known = new Set<bigint>()
      const set = createIdSet()
      for (const each of ids) {
        const same = each === 0n ? 1n : each
        expect(set.has(each)).toBe(known.has(same))
        expect(set.add(each)).toBe(!known.has(same))
        known.add(same)
        expect(set.has(each)).toBe(true)
      }
    }),
    { numRuns: 30 },
  )
})

test('it grows', () => {
  const set = createIdSet()
  const idOf = (index: number) => BigInt.asUintN(64, BigInt(index) * 0x9e3779b97f4a7c15n)
  for (let index = 1; index <= 20_000; index++) expect(set.add(idOf(index))).toBe(true)
  for (let index = 1; index <= 20_000; index++) expect(set.has(idOf(index))).toBe(true)
  expect(set.has(idOf(20_001))).toBe(false)
})
