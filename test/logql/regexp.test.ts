import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { LogqlError } from '../../logql/error.ts'
import { longestSafeText } from '../../logql/regexp/cost.ts'
import { parseSimple } from '../../logql/regexp/syntax.ts'
import { requiredText, translate } from '../../logql/regexp/translate.ts'
import { compileRegexp } from '../../logql/regexp.ts'

const characters = fc.constantFrom(
  'a',
  'b',
  'k',
  'K',
  's',
  'ſ',
  '\u212a',
  '1',
  '_',
  ' ',
  '\n',
  '.',
  '-',
  'é',
  '🚀',
)
const texts = fc.array(characters, { maxLength: 8 }).map((parts) => parts.join(''))
const atoms = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    'k',
    's',
    'é',
    '🚀',
    '1',
    '-',
    '.',
    '\\.',
    '\\d',
    '\\w',
    '\\W',
    '\\s',
    '\\S',
    '\\b',
    '^',
    '$',
  ),
  fc.constantFrom(
    '[ab]',
    '[^a]',
    '[a-k]',
    '[^k-s]',
    '[\\w-]',
    '[^\\s]',
    '[é🚀]',
    '[]a]',
    '[a\\]b-]',
    '\\n',
    '{',
    '}',
  ),
)
const repeats = fc.constantFrom('', '', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{0,2}', '{1,}', '{,2}')
const { pattern: patterns } = fc.letrec<{ pattern: string; part: string }>((tie) => ({
  pattern: fc.array(tie('part'), { maxLength: 4 }).map((parts) => parts.join('')),
  part: fc.oneof(
    { weight: 6, arbitrary: fc.tuple(atoms, repeats).map((parts) => parts.join('')) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          fc.constantFrom('(', '(?:', '(?i:', '(?P<n>', '(?s:'),
          fc.array(tie('pattern'), { minLength: 1, maxLength: 3 }),
          repeats,
        )
        .map(([open, options, repeat]) => `${open}${options.join('|')})${repeat}`),
    },
    { weight: 1, arbitrary: fc.constantFrom('(?i)', '(?s)', '|', '(?m)^', '[[:alpha:]]', '\\pL') },
  ),
}))

/** The pattern for RE2 alone; undefined for one that is none. */
function re2(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern)
  } catch {
    return undefined
  }
}

describe('compileRegexp', () => {
  it('finds what RE2 finds, whichever engine does it', () => {
    let translations = 0
    fc.assert(
      fc.property(patterns, texts, (pattern, text) => {
        const [slow, slowWhole] = [re2(pattern), re2(`(?s:${pattern})`)]
        if (slow === undefined || slowWhole === undefined) return
        if (translate(pattern, false) !== undefined) translations++
        const fast = compileRegexp(pattern)
        expect(fast.test(text)).toBe(slow.test(text))
        expect(fast.testWhole(text)).toBe(slowWhole.testExact(text))
        const found = slow.exec(text)
        expect(fast.exec(text)).toEqual(
          found === null ? undefined : Array.from(fast.groupNames, (_, index) => found[index] ?? undefined),
        )
      }),
      { numRuns: 300 },
    )
    expect(translations).toBeGreaterThan(50)
  })

  it('refuses a pattern that is none with its cause', () => {
    expect(() => compileRegexp('a(b')).toThrow(LogqlError)
    expect(() => compileRegexp('a(b')).toThrow(/missing closing \)/)
  })

  it('takes a newline for `.` only where the whole text must match', () => {
    expect(compileRegexp('a.b').test('a\nb')).toBe(false)
    expect(compileRegexp('a.b').testWhole('a\nb')).toBe(true)
    expect(compileRegexp('(?s)a.b').test('a\nb')).toBe(true)
  })

  it('knows groups by their names and numbers', () => {
    const regexp = compileRegexp('(?P<first>a)(b)?')
    expect(regexp.groupNames).toEqual(['', 'first', ''])
    expect(regexp.exec('xa')).toEqual(['a', 'a', undefined])
    expect(regexp.exec('x')).toBeUndefined()
  })

  it('refuses by name to look for the groups of a large expression in a long text, but not in a short one', () => {
    const regexp = compileRegexp(`(?P<x>${'a?'.repeat(1_000)})[ab]{3}$`)
    expect(() => regexp.exec('a'.repeat(60_000))).toThrow(
      /^the regular expression of \d+ instructions is too large for a text of 60000 characters/,
    )
    expect(() => regexp.replaceAll('a'.repeat(60_000), '')).toThrow(/too large/)
    expect(regexp.exec('a'.repeat(20))?.[1]).toBe('a'.repeat(17))
    expect(regexp.exec('c'.repeat(60_000))).toBeUndefined()
    expect(regexp.test('a'.repeat(60_000))).toBe(true)
  })

  it('needs no longer for a text made to be tried again and again', () => {
    const text = 'a'.repeat(50_000)
    const start = performance.now()
    for (const pattern of ['(a+)+b', 'a*a*a*b', '.*.*.*b', '(a|aa)*b', 'a+$b', 'a+\\n'])
      expect(compileRegexp(pattern).test(text)).toBe(false)
    expect(performance.now() - start).toBeLessThan(5000)
  })
})

describe('the choice of the engine', () => {
  it.each([
    ['FAILED|ERROR', true],
    ['HTTP 50[0-9]', true],
    ['(?i)service unavailable', true],
    ['"status":(?P<status>\\d{3})', true],
    ['(ab)*', false],
    ['(a|b)+', false],
    ['[[:alpha:]]', false],
    ['\\pL', false],
    ['(?m)^a', false],
    ['(?i)é', false],
    ['(a?)?', false],
  ])('%s for JavaScript: %s', (pattern, isFast) => {
    expect(translate(pattern, false) !== undefined).toBe(isFast)
  })

  it.each([
    ['abc', false, 100_000],
    ['a|b|cd', false, 33_333],
    ['"a":([0-9.]+)', false, 100_000],
    ['a[^b]*b', false, 316],
    ['foo.*bar', false, 316],
    ['foo.*bar.*baz', false, 46],
    ['^[^ ]+ x', false, 100_000],
    ['foo.*', true, 100_000],
  ])('of %s (whole: %s) JavaScript takes texts up to %s', (pattern, isWhole, length) => {
    const node = parseSimple(pattern, isWhole)
    expect(node && longestSafeText(node, isWhole)).toBe(length)
  })

  it.each([
    ['abc', 'abc'],
    ['ab+cde', 'cde'],
    ['x(abc)y', 'xabcy'],
    ['a|b', undefined],
    ['(?i)abc', undefined],
    ['HTTP \\d+ from', 'HTTP '],
  ])('what matches %s has %s in it', (pattern, text) => {
    expect(requiredText(pattern)).toBe(text)
  })
})

describe('the replacement of what matches', () => {
  it.each([
    ['$1-$0', 'a-ab'],
    [`\${1}1`, 'a1'],
    ['$1x', ''],
    ['$1é', ''],
    ['$01', ''],
    ['$2', 'b'],
    ['$3', ''],
    ['$name', 'b'],
    ['$$1', '$1'],
    ['${1', '${1'],
  ])('%s names groups as Go reads it', (replacement, expected) => {
    expect(compileRegexp('(a)(?P<name>b)').replaceAll('ab', replacement)).toBe(expected)
  })
})
