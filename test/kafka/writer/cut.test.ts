import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type RecordParts } from '../../../kafka/record-batch.ts'
import { beginning, cutTo, sizeAlone } from '../../../kafka/writer/cut.ts'
import { HEADER } from '../../../log/names.ts'

test('text is cut between characters, to within three bytes of what may stay', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat({ max: 100 }), (text, maxBytes) => {
      const whole = Buffer.from(text)
      const cut = beginning(whole, maxBytes)
      expect(whole.subarray(0, cut.length).equals(cut)).toBe(true)
      expect(text.startsWith(cut.toString())).toBe(true)
      expect(cut.length).toBeLessThanOrEqual(maxBytes)
      expect(cut.length).toBeGreaterThanOrEqual(Math.min(whole.length, maxBytes - 3))
    }),
    { numRuns: 1_000 },
  )
})

test('a record fits after it, or cannot; its mark says how much there was', () => {
  const size = fc.oneof(fc.nat({ max: 500 }), fc.integer({ min: 1_000_000, max: 5_000_000 }))
  fc.assert(
    fc.property(size, size, fc.integer({ min: 100, max: 1_048_588 }), (keySize, valueSize, maxBytes) => {
      const whole = { key: Buffer.alloc(keySize, 'é'), value: Buffer.alloc(valueSize, '€') }
      const cut = cutTo(whole, maxBytes)
      if (cut === undefined) return expect(maxBytes).toBeLessThan(200)
      expect(sizeAlone(cut)).toBeLessThanOrEqual(maxBytes)
      expect((cut as RecordParts).headers).toEqual({ [HEADER.cut]: String(valueSize) })
      // Nothing more than needed is cut: the value before the key.
      if (cut.value.length > 0) expect(cut.key).toBe(whole.key)
      const spare = maxBytes - sizeAlone(cut)
      if (cut.value.length < valueSize && cut.value.length > 0) expect(spare).toBeLessThan(20)
    }),
    { numRuns: 100 },
  )
})

test('the mark of a record that is cut again is that of the first time', () => {
  const once = cutTo<RecordParts>({ value: 'x'.repeat(1_000) }, 500)
  expect(once && cutTo(once, 300)?.headers).toEqual({ [HEADER.cut]: '1000' })
})
