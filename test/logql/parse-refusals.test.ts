import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { LogqlError } from '../../logql/error.ts'
import { parseExpr } from '../../logql/parse/parse.ts'
import { outcome, refusal } from './outcome.ts'

describe('stages that are wrong in themselves', () => {
  it.each([
    ['| a=~"("', 'parse error : error parsing regexp: missing closing )'],
    ['| drop a=~"("', 'parse error : error parsing regexp'],
    ['| regexp "("', 'invalid regexp parser: error parsing regexp: missing closing )'],
    ['| regexp "(.)"', 'invalid regexp parser: at least one named capture must be supplied'],
    ['| regexp "(?P<a>.)(?P<a>.)"', "invalid regexp parser: duplicate extracted label name 'a'"],
    ['| regexp "(?P<1a>.)"', "invalid regexp parser: invalid extracted label name '1a'"],
    ['| pattern "<_> a"', 'invalid pattern parser: at least one capture is required'],
    ['| pattern ""', 'invalid pattern parser: at least one capture is required'],
    ['| pattern "<a> <b><_>"', "invalid pattern parser: found consecutive capture '<b><_>'"],
    ['| pattern "<a> <b> <a>"', 'invalid pattern parser: duplicate capture name (a)'],
  ])('are refused: %s', (text, problem) => {
    expect(refusal(`{x="y"} ${text}`)).toContain(problem)
    expect(refusal(`rate({x="y"} ${text} [1m])`)).toContain(problem)
  })

  it('are refused in selectors', () => {
    expect(refusal('{a=~"("}')).toContain('parse error : error parsing regexp: missing closing )')
  })

  it.each([
    '|~ "("',
    '|> "<_><_>"',
    '|= ip("999.0.0.1")',
    '| a=ip("x")',
    '| json a="b..c"',
    '| line_format "{{"',
    '| label_format a="{{"',
    '| label_format a=b, a=c',
  ])('are taken if only their use shows it: %s', (text) => {
    expect(refusal(`{x="y"} ${text}`)).toBe('no refusal')
  })
})

describe('tokens that are none', () => {
  it.each([
    ['', 'parse error : syntax error: unexpected $end'],
    ['  ', 'parse error at line 1, col 3: syntax error: unexpected $end'],
    ['{a="b', 'parse error at line 1, col 4: literal not terminated'],
    ['{a=`b', 'parse error at line 1, col 4: literal not terminated'],
    ['{a="b\nc"}', 'parse error at line 1, col 4: literal not terminated'],
    ['{a="\\q"}', 'parse error at line 1, col 4: invalid syntax of the string "\\q"'],
    ['{a="\\xff\\ud800"}', 'invalid syntax of the string'],
    ['{a="b"} | c > 5parsecs', 'parse error at line 1, col 23: syntax error: unexpected $end'],
    ['{a="b"} ; ', 'parse error at line 1, col 9: syntax error: unexpected IDENTIFIER'],
    ['{a-b="c"}', 'parse error at line 1, col 3: syntax error: unexpected -'],
    ['\u0000', 'parse error at line 1, col 1: syntax error: unexpected IDENTIFIER'],
  ])('are refused: %j', (query, problem) => {
    expect(refusal(query)).toContain(problem)
  })
})

describe('queries that ask for too much', () => {
  it('may be as long as Loki takes them', () => {
    const query = (bytes: number): string => `{a="${'é'.repeat((bytes - 6) / 2)}"}`
    expect(refusal(query(131_070))).toBe('no refusal')
    expect(refusal(query(131_072))).toBe('parse error : input size too long (131072 > 131072)')
  })

  it.each([
    ['parentheses', '('.repeat(130_000)],
    ['closed parentheses', `${'('.repeat(60_000)}1${')'.repeat(60_000)}`],
    ['aggregations', 'sum('.repeat(30_000)],
    ['powers', `vector(1)${'^vector(1)'.repeat(12_000)}`],
    ['sums', `vector(1)${'+vector(1)'.repeat(12_000)}`],
    ['ranges in parentheses', `rate(${'('.repeat(60_000)}{a="b"}`],
    ['label filters in parentheses', `{a="b"} | ${'('.repeat(120_000)}`],
    ['label filters', `{a="b"} | a=1${' or a=1'.repeat(15_000)}`],
    ['stages', `{a="b"}${' | json'.repeat(15_000)}`],
    ['line filters', `{a="b"}${' |= "x"'.repeat(15_000)}`],
    ['label filters with commas', `{a="b"} | a=1${',a=1'.repeat(15_000)}`],
  ])('are refused and do not break the process: %s', (_, query) => {
    expect(refusal(query)).toMatch(/more than 500 stages, operators, functions and parentheses/)
  })

  it('are read up to the bound', () => {
    expect(refusal(`${'('.repeat(498)}vector(1)${')'.repeat(498)}`)).toBe('no refusal')
    expect(refusal(`{a="b"} | a=1${',a=1'.repeat(499)}`)).toBe('no refusal')
    expect(refusal(`{a="b"}${' | a=1'.repeat(500)}`)).toBe('no refusal')
  })

  it('take no more than linear time', () => {
    const startedMs = performance.now()
    for (const part of ['"', '`', '#', '\\', '[', '{a="b",', '1', 'a ', '<a', '((a', '-', '|='])
      outcome(`{a="b"} | pattern "${part.repeat(130_000 / part.length)}`)
    outcome(`{a="b"} | pattern "${'<a'.repeat(60_000)}"`)
    outcome(`{a="b"} |= "${'\\n'.repeat(60_000)}"`)
    expect(performance.now() - startedMs).toBeLessThan(5000)
  })
})

describe('any text', () => {
  const isRefusedOrRead = (query: string): void => {
    try {
      parseExpr(query)
    } catch (error) {
      if (!(error instanceof LogqlError)) throw error
      expect(error.message).not.toBe('')
    }
  }

  it('is read or refused', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary-ascii', maxLength: 60 }), isRefusedOrRead), {
      numRuns: 300,
    })
  })

  it('is read or refused when it is made of pieces of queries', () => {
    const piece = fc.constantFrom(
      ...['{', '}', '(', ')', '[5m]', '[', ',', '|', '=', '!=', '|=', '=~', '+', '-', '^', '>', '"a"', '`b`'],
      ...['a', '1', '5m', '1KB', '1.5', 'json', 'logfmt', '--strict', 'unwrap', 'rate', 'sum', 'topk', 'by'],
      ...[
        'on',
        'ip',
        'bytes',
        'offset',
        'bool',
        'or',
        'and',
        'group_left',
        'vector',
        'label_replace',
        '#',
        '\n',
      ],
      ...['{a="b"}', 'rate({a="b"}[1m])', '| json', '| c=1', 'drop', 'keep', 'label_format', "'", '"', '\\'],
    )
    const query = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(' '))
    fc.assert(fc.property(query, isRefusedOrRead), { numRuns: 1000 })
  })
})
