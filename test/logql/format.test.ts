import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { formatExpr } from '../../logql/format.ts'
import { parseExpr } from '../../logql/parse/parse.ts'
import { answersOf } from './recorded.ts'
import { expr } from './trees.ts'

const format = (query: string): string => formatExpr(parseExpr(query))

describe('formatting LogQL', () => {
  it.each(
    answersOf('format')
      .filter(({ status }) => status === 200)
      .map(({ params, data }) => [String(params.query), String(data)]),
  )('writes %s as Loki does', (query, expected) => {
    expect(format(query)).toBe(expected)
  })

  it('writes what parses to the same tree', () => {
    fc.assert(
      fc.property(expr, (tree) => {
        expect(parseExpr(formatExpr(tree))).toEqual(tree)
      }),
      { numRuns: 300 },
    )
  })

  it.each([
    ['{a="b"}|json|c>1 and d=~"e.f"', '{a="b"} | json | ( c>1 , d=~`e.f` )'],
    ['{a="b"} | c=~"d.`"', '{a="b"} | c=~"d.`"'],
    ['{a="b"} | c == 1KiB', '{a="b"} | c==1.0kB'],
    ['{a="b"} | c > 1d', '{a="b"} | c>24h0m0s'],
    ['{a="b"} |= "\u00e9\x00"', '{a="b"} |= "é\\x00"'],
    ['sum by () (vector(0.5))', 'sum(vector(0.500000))'],
    ['sum without () (vector(1))', 'sum without ()(vector(1.000000))'],
    ['vector(1) * 1000000', '(vector(1.000000) * 1e+06)'],
    ['rate({a="b"}[90m] offset 1d)', 'rate({a="b"}[1h30m] offset 24h0m0s)'],
    ['rate({a="b"}[1w])', 'rate({a="b"}[1w])'],
    ['rate({a="b"}[8d])', 'rate({a="b"}[8d])'],
  ])('writes %s as %s', (query, expected) => {
    expect(format(query)).toBe(expected)
  })

  it('breaks a query of more than 100 bytes', () => {
    const query = (length: number): string => `{a="${'x'.repeat(length - 13)}"} | json`
    expect(format(query(100))).toBe(query(100))
    expect(format(query(101))).toBe(query(101).replace(' |', '\n  |'))
  })

  it('keeps the parentheses that a broken operation needs', () => {
    const vectors = (count: number): string => Array(count).fill('vector(1)').join(' - ')
    const query = `vector(1) - (${vectors(12)})`
    expect(parseExpr(format(query))).toEqual(parseExpr(query))
    expect(format(query)).toContain('-\n  (\n')
  })
})

describe('regular expressions in label filters', () => {
  const isQuoted = (pattern: string): boolean => format(`{a="b"} | c=~"${pattern}"`).endsWith('"')

  it.each([
    '',
    'foo',
    '(foo)',
    'foo|bar',
    '.*',
    '.+',
    '.*1.*',
    '/api/v1/.*',
    '(?i)x',
    'warn|warning',
    'b(ar|uzz)',
  ])('are in double quotes where Loki needs none to compare: %s', (pattern) =>
    expect(isQuoted(pattern)).toBe(true),
  )

  it.each([
    '^a',
    'a b[12]',
    'a|b',
    '40[04]',
    '400|404',
    '(?s).*a.*',
    'foo.*bar',
    'a.b',
    'fo+',
    'a{2}',
    '.+a',
  ])('are in backquotes else: %s', (pattern) => expect(isQuoted(pattern)).toBe(false))
})
