import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { chunks } from '../../../shipper/letters/chunks.ts'
import { type Letter } from '../../../shipper/letters/letter.ts'

const letters = (sizes: readonly number[]): Letter[] =>
  sizes.map((size) => ({ value: Buffer.alloc(size) }) as Letter)

test('each letter is in one chunk, in order; none is too large unless it is one letter', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(150), { maxLength: 60, size: 'max' }), (sizes) => {
      const all = letters(sizes)
      const cut = [...chunks(all, 100, 7)]
      expect(cut.flat()).toEqual(all)
      for (const chunk of cut) {
        const bytes = chunk.reduce((sum, { value }) => sum + value.length, 0)
        expect(chunk.length).toBeGreaterThan(0)
        expect(chunk.length).toBeLessThanOrEqual(7)
        expect(bytes <= 100 || chunk.length === 1).toBe(true)
      }
    }),
  )
})

test('chunks are as large as they may be', () => {
  const cut = (sizes: number[]) => [...chunks(letters(sizes), 100, 3)].map((chunk) => chunk.length)
  expect(cut([50, 50, 1, 1, 1, 1])).toEqual([2, 3, 1])
})
