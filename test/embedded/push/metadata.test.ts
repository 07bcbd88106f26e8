import { describe, expect, it } from '@jest/globals'
import { tidyMetadata } from '../../../embedded/push/metadata.ts'
import { Refusal } from '../../../embedded/refusal.ts'

const tidy = (...pairs: [string, string][]) => [...(tidyMetadata(new Map(pairs)) ?? [])]

describe('structured metadata', () => {
  it.each([
    ['a.b', 'a_b'],
    ['a..b', 'a_b'],
    ['a__b', 'a_b'],
    ['é', '_'],
    ['naïve', 'na_ve'],
    ['_x', '_x'],
    ['1a', 'key_1a'],
    ['__x__', '__x__'],
  ])('has %j under the name %j', (name, expected) => {
    const read = () => tidy([name, 'v'])
    if (expected === '_') expect(read).toThrow(Refusal)
    else expect(read()).toEqual([[expected, 'v']])
  })

  it('is in the order of its names, and the same where nothing is to do', () => {
    expect(tidy(['b', '1'], ['a', '2'])).toEqual([
      ['a', '2'],
      ['b', '1'],
    ])
    const metadata = new Map([['a', '1']])
    expect(tidyMetadata(metadata)).toBe(metadata)
  })

  it('keeps of two that come to one name the one that was changed', () => {
    expect(tidy(['a.b', 'x'], ['a_b', 'keep'])).toEqual([['a_b', 'x']])
    expect(tidy(['a_b', 'keep'], ['a.b', 'x'])).toEqual([['a_b', 'x']])
  })

  it('has spaces for what was no text', () => {
    expect(tidy(['a', 'p\uFFFDq'])).toEqual([['a', 'p q']])
  })

  it('refuses a name without a letter or digit', () => {
    expect(() => tidy(['', 'v'])).toThrow('label name is empty')
    expect(() => tidy([' ', 'v'])).toThrow('normalization for label name " " resulted in invalid name "_"')
  })
})
