import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { duration, quoted, readable, selector } from '../../loki/logql.ts'

const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', '"': '"', '\\': '\\' }

/** Reads the Go string literal that a text begins with: its value, and what follows it. */
function literalIn(text: string): { value: string; rest: string } {
  if (text[0] !== '"') throw new Error(`no literal: ${text}`)
  let value = ''
  for (let at = 1; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '"') return { value, rest: text.slice(at + 1) }
    if (character === '\n') throw new Error('a line break inside a literal')
    if (character !== '\\') {
      value += character
      continue
    }
    const letter = text.charAt(++at)
    if (letter === 'u') {
      value += String.fromCharCode(Number.parseInt(text.slice(at + 1, at + 5), 16))
      at += 4
    } else {
      if (ESCAPES[letter] === undefined) throw new Error(`Go has no escape ${letter}`)
      value += ESCAPES[letter]
    }
  }
  throw new Error('the literal does not end')
}

/** Reads a selector as Loki does: names and values. */
function matchersIn(text: string): [string, string][] {
  const matchers: [string, string][] = []
  let rest = text.slice(1)
  while (!rest.startsWith('}')) {
    const [start = '', name = ''] = /^(?:, )?([a-z_]\w*)=/i.exec(rest) ?? []
    if (name === '') throw new Error(`no matcher: ${rest}`)
    const literal = literalIn(rest.slice(start.length))
    matchers.push([name, literal.value])
    rest = literal.rest
  }
  if (rest !== '}') throw new Error(`something after the selector: ${rest}`)
  return matchers
}

const ATTACKS = [
  '"',
  '\\',
  '\\"',
  '"} or {job="other',
  'a", b="c',
  'x\n} | drop',
  '`',
  '\u0000',
  '\u2028',
  '{{.}}',
  '',
]
const value = fc.oneof(fc.constantFrom(...ATTACKS), fc.string({ unit: 'binary' }), fc.string())

describe('quoted', () => {
  test('a value stays inside its quotes, and is read as itself', () => {
    fc.assert(
      fc.property(value, fc.string(), (text, after) => {
        expect(literalIn(quoted(text) + after)).toEqual({ value: text, rest: after })
      }),
      { numRuns: 500 },
    )
  })

  test('plain text is written as it is', () => {
    expect(quoted('crm été')).toBe('"crm été"')
  })
})

describe('readable', () => {
  test.each([
    ['crm été 漢🦊\0', 'crm été 漢🦊\0'],
    ['Soci\ufffdt\ufffd', 'Soci?t?'],
    ['\ud800a\udc00\ud800', '?a??'],
    [Buffer.from([0x61, 0xff]).toString(), 'a?'],
  ])('%j is %j', (text, expected) => {
    expect(readable(text)).toBe(expected)
  })
})

describe('selector', () => {
  test('labels come in the order given', () => {
    expect(selector({ job: 'kafka-logs', etat: 'FAILED', zone: 'eu' })).toBe(
      '{job="kafka-logs", etat="FAILED", zone="eu"}',
    )
    expect(selector({})).toBe('{}')
  })

  test('no value can add, change or drop a matcher', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), (values) => {
        const labels = values.map((each, index) => [`label${index}`, each] as [string, string])
        expect(matchersIn(selector(Object.fromEntries(labels)))).toEqual(labels)
      }),
    )
  })
})

describe('duration', () => {
  test.each([
    [1, '1ms'],
    [1_500, '1500ms'],
    [90_000, '90s'],
    [3_600_000, '1h'],
    [5_400_000, '90m'],
    [604_800_000, '7d'],
    [0, '1ms'],
    [-5, '1ms'],
    [0.2, '1ms'],
    [1_000.1, '1001ms'],
  ])('%d ms is %s', (milliseconds, expected) => {
    expect(duration(milliseconds)).toBe(expected)
  })

  test('is never shorter than asked, and exact for whole milliseconds', () => {
    const sizes: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
    fc.assert(
      fc.property(
        fc.oneof(
          fc.integer({ min: 1 }),
          fc.integer({ min: 1, max: 900 }).map((n) => n * 60_000),
        ),
        (ms) => {
          const [, count, unit] = /^(\d+)(ms|[smhd])$/.exec(duration(ms)) ?? []
          expect(Number(count) * (sizes[unit ?? ''] ?? Number.NaN)).toBe(ms)
        },
      ),
    )
  })
})
