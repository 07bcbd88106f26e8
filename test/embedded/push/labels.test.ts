import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { labelsText, parseLabels } from '../../../embedded/push/labels.ts'
import { Refusal } from '../../../embedded/refusal.ts'

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/)
const value = fc.string({ unit: 'grapheme', minLength: 1 })
const pairs = fc.uniqueArray(fc.tuple(name, value), { selector: ([each]) => each, maxLength: 5 })

describe('labels as clients write them', () => {
  it('are read back, sorted by name', () => {
    fc.assert(
      fc.property(pairs, (written) => {
        const sorted = [...written].sort(([a], [b]) => (a < b ? -1 : 1))
        expect([...parseLabels(labelsText(written))]).toEqual(sorted)
      }),
      { numRuns: 200 },
    )
  })

  it('may have spaces, a comma at the end, raw strings, and no value', () => {
    const text = ' { b = "2" , a=`\\1`,c="", } '
    expect([...parseLabels(text)]).toEqual([
      ['a', '\\1'],
      ['b', '2'],
    ])
  })

  it('are labels or refused, whatever the text is', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[{}="`,ab\\ -]{0,20}$/), (text) => {
        try {
          parseLabels(text)
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal)
        }
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['', `1:1: parse error: unexpected ""`],
    ['a="b"', '1:1: parse error: unexpected'],
    ['{a}', "1:3: parse error: unexpected character inside braces: '}'"],
    ['{a="b"', '1:7: parse error: unexpected end of input inside braces'],
    ['{a="b}', `1:4: parse error: unexpected character inside braces: '"'`],
    ['{a="\\q"}', '1:4: parse error: invalid escapes in "\\q"'],
    ['{a="b"} x', '1:9: parse error: unexpected "x"'],
    ['{a="b", a="c"}', `stream '{a="b", a="c"}' has duplicate label name: 'a'`],
  ])('%s is refused', (text, message) => {
    expect(() => parseLabels(text)).toThrow(message)
  })
})
