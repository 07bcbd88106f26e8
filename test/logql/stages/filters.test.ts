import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { LogqlError } from '../../../logql/error.ts'
import { compileIpMatch } from '../../../logql/stages/ip.ts'
import { labelsAfter, lineAfter, pipelineOf } from './processing.ts'

const passes = (stages: string, line: string): boolean => lineAfter(stages, line) !== undefined

describe('line filters', () => {
  it.each([
    ['|= "b"', ['abc'], ['ac', 'aBc']],
    ['|= "a" or "b"', ['a', 'b'], ['c']],
    ['!= "a" or "b"', ['c'], ['a', 'b', 'ab']],
    ['|= ""', ['', 'a'], []],
    ['|~ "a.c"', ['xabcx'], ['a\nc', 'ac']],
    ['|~ "a" or "b|c"', ['c'], ['d']],
    ['!~ "a|b"', ['c'], ['a']],
    ['|> "a<_>c"', ['abc', 'abbc'], ['xabc', 'abcx']],
    ['|> "<_>b<_>"', ['abc', 'bbc'], ['ab', 'ac']],
    ['|> "abc"', ['abc'], ['abcd', 'xabc']],
    ['|> ""', [''], ['a']],
    ['!> "a<_>"', ['ba', 'a'], ['ab']],
    ['|= ip("10.0.0.0/8")', ['from 10.1.2.3:80'], ['from 11.1.2.3']],
    ['!= ip("10.0.0.0/8")', ['from 11.1.2.3'], ['from 10.1.2.3:80']],
  ])('%s keeps %j and drops %j', (stages, kept, dropped) => {
    for (const line of kept) expect([line, passes(stages, line)]).toEqual([line, true])
    for (const line of dropped) expect([line, passes(stages, line)]).toEqual([line, false])
  })

  it.each(['|~ "("', '|> "<a>"', '|> "<_><_>"', '|= ip("999.1.1.1")', '|= ip("10.0.0.0/33")'])(
    'refuses %s',
    (stages) => {
      expect(() => pipelineOf(stages)).toThrow(LogqlError)
    },
  )
})

describe('addresses', () => {
  it.each([
    [
      '10.0.0.1',
      ['10.0.0.1', 'x=10.0.0.1,', '(10.0.0.1)', 'v10.0.0.1'],
      ['10.0.0.10', '110.0.0.1', '10.0.0.1.2', ''],
    ],
    ['10.0.0.1-10.0.1.2', ['10.0.0.1', '10.0.0.255', '10.0.1.2'], ['10.0.0.0', '10.0.1.3', '010.0.0.1']],
    ['10.1.2.3/16', ['10.1.0.0', '10.1.255.255'], ['10.2.0.0', '::ffff:10.1.0.0']],
    ['0.0.0.0/0', ['255.255.255.255'], ['256.1.1.1', '::1']],
    ['fe80::1', ['on fe80::1 now', 'FE80:0:0:0:0:0:0:1', '[fe80::1]:80'], ['fe80::2', 'fe80:1']],
    ['2001:db8::/32', ['2001:db8:1::', '2001:0db8::ffff:1.2.3.4'], ['2001:db9::', '1.2.3.4']],
    ['::1-::5', ['::3'], ['::6']],
  ])('%s is in %j and not in %j', (wanted, found, others) => {
    const matches = compileIpMatch(wanted)
    for (const text of found) expect([text, matches(text)]).toEqual([text, true])
    for (const text of others) expect([text, matches(text)]).toEqual([text, false])
  })

  it.each([
    '',
    'x',
    '1.2.3',
    '1.2.3.4-1.2.3.3',
    '1.2.3.4-::1',
    '1.2.3.4/',
    '::/129',
    ':::',
    '1::2::3',
    '1.2.3.4/8/8',
  ])('refuses %j', (wanted) => {
    expect(() => compileIpMatch(wanted)).toThrow(LogqlError)
  })

  it('finds an address of a block wherever it stands', () => {
    const octet = fc.nat(255)
    fc.assert(
      fc.property(octet, octet, octet, octet, fc.constantFrom('', ' ', 'src='), (a, b, c, d, before) => {
        expect(compileIpMatch(`${a}.${b}.0.0/16`)(`${before}${a}.${b}.${c}.${d} end`)).toBe(true)
      }),
    )
  })
})

describe('label filters of addresses', () => {
  it('are passed by entries with an error', () => {
    expect(passes('| json | n = ip("10.0.0.0/8")', 'no JSON')).toBe(true)
    expect(passes('| logfmt | n > 1 and m != ip("10.0.0.0/8")', 'n=x m=10.0.0.1')).toBe(true)
  })

  it('are like nothing and unlike nothing where one joined with others is no address', () => {
    for (const operator of ['=', '!=']) {
      expect(passes(`| logfmt | n ${operator} ip("x") or m="1"`, 'n=10.0.0.1')).toBe(false)
      expect(passes(`| logfmt | n ${operator} ip("x") or m="1"`, 'm=1')).toBe(true)
      expect(() => pipelineOf(`| logfmt | n ${operator} ip("x")`)).toThrow(LogqlError)
    }
  })
})

describe('label filters', () => {
  it.each([
    ['n > 2', ['n=3', 'n=2.5', 'n=inf', 'n=0x1p4'], ['n=2', 'n=-3', 'm=3', 'n=nan']],
    ['n == 2', ['n=2', 'n=2.0', 'n=+2e0'], ['n=3']],
    ['n != 2', ['n=3'], ['n=2', 'm=1']],
    ['n >= 2', ['n=2'], ['n=1']],
    ['n < 2', ['n=1'], ['n=2']],
    ['n <= 2', ['n=2'], ['n=3']],
    ['n > 1m30s', ['n=2m', 'n=91s', 'n=1h0.5s'], ['n=1m30s', 'n=-2m', 'n=0', 'm=2h']],
    ['n > 1KB', ['n=1001', 'n=1.5kB', 'n=1KiB', 'n=1MB'], ['n=1000', 'n=1kb', 'm=1GB']],
    // Sizes are compared as precisely as they are written in an answer.
    ['n >= 1KiB', ['n=1000'], ['n=999']],
    ['n >= 1536B', ['n=1500'], ['n=1499']],
    ['n == 3kB', ['n=3000'], ['n=2999']],
    ['n == 2MiB', ['n=2.1MB'], ['n=2MiB']],
    ['n = "x"', ['n=x'], ['n=y', 'm=x']],
    ['n != "x"', ['n=y', 'm=x'], ['n=x']],
    ['n =~ "x|yz"', ['n=x', 'n=yz'], ['n=xy']],
    // Beside a `.*`, or with a beginning in common, a text must only be in the value.
    ['n =~ "al.*"', ['n=alpha', 'n=prealpha'], ['n=a', 'm=al']],
    ['n =~ ".*al"', ['n=al', 'n=alpha'], ['n=a']],
    ['n !~ "al.*"', ['n=a', 'm=al'], ['n=prealpha']],
    ['n =~ "(?i)AL.*"', ['n=preAlpha'], ['n=a']],
    ['n =~ "(?i)AL"', ['n=al'], ['n=alpha']],
    ['n =~ "warn|warning"', ['n=warn', 'n=prewarnings'], ['n=war']],
    ['n =~ "prod|preprod"', ['n=nonprod', 'n=production'], ['n=pr']],
    ['n =~ "b(ar|uzz)"', ['n=rebar'], ['n=b']],
    ['n =~ "foo|bar"', ['n=foo', 'n=bar'], ['n=foobar']],
    ['n =~ "400|404"', ['n=400'], ['n=4004']],
    ['n =~ "al[a-z]*"', ['n=alpha'], ['n=prealpha']],
    ['n =~ "al.*(x|yz)"', ['n=al-yz'], ['n=preal-yz']],
    ['n =~ ".*"', ['n=a', 'm=a'], []],
    ['n =~ ".+"', ['n=a'], ['m=a']],
    ['n =~ ""', ['n=a', 'm=a'], []],
    ['n !~ "x.*"', ['n=y', 'm=x'], ['n=xy']],
    ['n = ""', ['m=1'], ['n=1']],
    ['n = ip("10.0.0.0/8")', ['n=10.1.2.3'], ['n=11.1.2.3', 'n=x', 'm=10.1.2.3']],
    ['n != ip("10.0.0.0/8")', ['n=11.1.2.3', 'n=x'], ['n=10.1.2.3', 'm=x']],
    ['n > 2 and m = "x"', ['n=3 m=x'], ['n=3', 'm=x']],
    ['n > 2 or m = "x"', ['n=3', 'm=x'], ['n=1 m=y']],
    ['(n > 2 or m = "x") and k = "y"', ['n=3 k=y'], ['n=3', 'k=y']],
  ])('%s keeps %j and drops %j', (filter, kept, dropped) => {
    for (const line of kept) expect([line, passes(`| logfmt | ${filter}`, line)]).toEqual([line, true])
    for (const line of dropped) expect([line, passes(`| logfmt | ${filter}`, line)]).toEqual([line, false])
  })

  it.each([
    ['n > 2', 'n="about 3"', 'strconv.ParseFloat: parsing "about 3": invalid syntax'],
    ['n > 2', 'n=1__0', 'strconv.ParseFloat: parsing "1__0": invalid syntax'],
    ['n > 2', 'n=1e999', 'strconv.ParseFloat: parsing "1e999": value out of range'],
    ['n > 2s', 'n=2.5', 'time: missing unit in duration "2.5"'],
    ['n > 2s', 'n=about', 'time: invalid duration "about"'],
    ['n > 2s', 'n=2d', 'time: unknown unit "d" in duration "2d"'],
    ['n > 2B', 'n=x', 'strconv.ParseFloat: parsing "": invalid syntax'],
    ['n > 2B', 'n=2parsecs', 'unhandled size name: parsecs'],
    ['n > 2B', 'n=99EB', 'too large: 99EB'],
  ])('%s keeps %s and marks it', (filter, line, details) => {
    expect(labelsAfter(`| logfmt | ${filter}`, line)).toMatchObject({
      __error__: 'LabelFilterErr',
      __error_details__: details,
    })
  })

  it('still filters a marked entry, and keeps its first error', () => {
    expect(labelsAfter('| json | n > 1', 'x', { n: '2' })).toMatchObject({ __error__: 'JSONParserErr' })
    expect(labelsAfter('| json | n > 1', 'x', { n: 'y' })).toMatchObject({ __error__: 'JSONParserErr' })
    expect(labelsAfter('| json | n > 1', 'x', { n: '1' })).toBeUndefined()
    expect(labelsAfter('| json | n > 1', 'x')).toBeUndefined()
    expect(labelsAfter('| logfmt | n > 1, m > 1', 'n=x m=1')).toBeUndefined()
  })

  it('sees labels of the stream and its metadata, and errors', () => {
    expect(labelsAfter('| job="x", t="m"', '', { job: 'x' }, { t: 'm' })).toEqual({ job: 'x', t: 'm' })
    expect(labelsAfter('| json | __error__=""', 'x')).toBeUndefined()
    expect(labelsAfter('| json | __error__="JSONParserErr"', 'x')).toBeDefined()
    // The details are no label to a filter.
    expect(labelsAfter('| json | __error_details__=~"Value.*"', 'x')).toBeUndefined()
  })
})
