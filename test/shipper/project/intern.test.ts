import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { internedTexts } from '../../../shipper/project/intern.ts'

/** Texts as they stand in a record, with where. */
function inRecord(texts: readonly string[]) {
  const pieces = texts.map((text) => Buffer.from(text))
  const ends = pieces.map((_, index) => Buffer.concat(pieces.slice(0, index + 1)).length)
  const starts = ends.map((end, index) => end - (pieces[index]?.length ?? 0))
  return {
    record: Buffer.concat(pieces),
    spans: { starts: Int32Array.from(starts), ends: Int32Array.from(ends) },
  }
}

/** The function under test, and what it made so far. */
function interning() {
  const made: string[] = []
  const interned = internedTexts(3, (texts) => {
    made.push(JSON.stringify(texts))
    return JSON.stringify(texts)
  })
  const expectRight = (texts: readonly string[]) => {
    const { record, spans } = inRecord(texts)
    expect(interned(record, spans)).toBe(JSON.stringify(texts))
  }
  return { expectRight, made }
}

test('makes of each texts what they make, however they share bytes', () => {
  const few = fc.constantFrom('', 'a', 'b', 'ab', 'ba', 'é', 'aab')
  fc.assert(
    fc.property(fc.array(fc.tuple(few, few, few), { minLength: 1, maxLength: 30, size: 'max' }), (all) => {
      const { expectRight } = interning()
      for (const texts of all) expectRight(texts)
    }),
  )
})

// Texts that share a slot take turns in it: among all threes of the seven above five pairs do, among these none.
test.each([[['a', 'b', 'ab', 'ba', 'é', 'aab']], [['', 'a', 'ab', 'ba', 'é']]])(
  'makes it once: all threes of %j, each asked for three times',
  (few) => {
    const threes = few.flatMap((one) => few.flatMap((two) => few.map((three) => [one, two, three])))
    const { expectRight, made } = interning()
    for (let round = 0; round < 3; round++) for (const texts of threes) expectRight(texts)
    expect(made).toEqual(threes.map((texts) => JSON.stringify(texts)))
  },
)

test('stays right when there are more than it has room for', () => {
  const interned = internedTexts(1, (texts) => texts.join())
  for (let round = 0; round < 2; round++)
    for (let number = 0; number < 100_000; number++) {
      const record = Buffer.from(String(number))
      const spans = { starts: Int32Array.of(0), ends: Int32Array.of(record.length) }
      if (interned(record, spans) !== String(number)) throw new Error(`${number} was mistaken`)
    }
})

test('remembers the bytes, not the record that they stood in', () => {
  const interned = internedTexts(1, (texts) => texts.join())
  const spans = { starts: Int32Array.of(0), ends: Int32Array.of(1) }
  const record = Buffer.from('a')
  expect(interned(record, spans)).toBe('a')
  record[0] = 0x62
  expect(interned(record, spans)).toBe('b')
  expect(interned(Buffer.from('a'), spans)).toBe('a')
})
