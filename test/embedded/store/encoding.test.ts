import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { cached, createCache } from '../../../embedded/store/cache.ts'
import { readVarints, writeVarint } from '../../../embedded/store/varint.ts'

test('a varint is read as it was written', () => {
  const number = fc.oneof(fc.nat(300), fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER))
  fc.assert(
    fc.property(fc.array(number), (numbers) => {
      const bytes = new Uint8Array(8 * numbers.length)
      let end = 0
      for (const each of numbers) end = writeVarint(bytes, end, each)
      const read = new Float64Array(numbers.length)
      expect(readVarints(bytes, read)).toBe(end)
      expect([...read]).toEqual(numbers)
    }),
  )
})

test('a cache keeps what is asked for twice, and of that the last used up to its size', () => {
  const cache = createCache<number>(20, 100)
  const made: number[] = []
  const ask = (key: number) =>
    cached(
      cache,
      key,
      () => {
        made.push(key)
        return key
      },
      () => 10,
    )
  const madeBy = (...keys: number[]) => {
    made.length = 0
    for (const key of keys) expect(ask(key)).toBe(key)
    return [...made]
  }
  expect(madeBy(1, 1, 1, 1)).toEqual([1, 1])
  expect(madeBy(2, 2, 2, 1)).toEqual([2, 2])
  expect(madeBy(3, 3, 3)).toEqual([3, 3])
  expect(madeBy(1, 3, 2)).toEqual([2])
  expect(cache.usedBytes).toBe(20)
})
