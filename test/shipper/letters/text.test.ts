import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { shortText } from '../../../shipper/letters/text.ts'

test.each([
  ['a line\nand\r\nanother\tone', 'a line and another one'],
  ['\u001b[31mred\u0007', '�[31mred�'],
  ['\u202eturned\u200b\u009b', '�turned��'],
  ['é 漢 🎉', 'é 漢 🎉'],
])('%j is shown as %j', (text, expected) => {
  expect(shortText(text, 100)).toBe(expected)
})

test('a text that is cut says so, and not in the middle of a character', () => {
  expect(shortText('abcdef', 3)).toBe('abc…')
  expect(shortText('ab🎉', 3)).toBe('ab…')
  expect(shortText('abc', 3)).toBe('abc')
})

test('nothing that steers a terminal gets through', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(30), (text, max) => {
      const shown = shortText(text, max)
      expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      expect(shown.length).toBeLessThanOrEqual(max + 1)
    }),
  )
})
