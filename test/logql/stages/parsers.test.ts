import { describe, expect, it } from '@jest/globals'
import { LogqlError } from '../../../logql/error.ts'
import { compilePipeline } from '../../../logql/stages/pipeline.ts'
import { labelsAfter, lineAfter, processed } from './processing.ts'

describe('regexp', () => {
  it('makes labels of the named groups of the first match, of those without part too', () => {
    expect(labelsAfter('| regexp `(?P<a>\\d+)(?P<b>x)?(y)`', 'n 12y 3xy')).toEqual({ a: '12', b: '' })
    expect(labelsAfter('| regexp `(?P<a>\\d+)`', 'none')).toEqual({})
    expect(labelsAfter('| regexp `(?P<a>\\d+)`', '1', { a: 'x' })).toEqual({ a: 'x', a_extracted: '1' })
  })

  it.each(['(', 'no names', '(?P<a>x)(?P<a>y)'])('refuses %j', (pattern) => {
    expect(() => compilePipeline([{ kind: 'regexp', pattern }])).toThrow(LogqlError)
  })
})

describe('pattern', () => {
  it.each([
    ['<a> <b>', 'x y z', { a: 'x', b: 'y z' }],
    ['<a> - <b>', 'x y', { a: 'x y' }],
    ['[<a>] <_> <b>', '[1] 2 3', { a: '1', b: '3' }],
    ['[<a>]', '(1)', {}],
    ['<_>[<a>]', 'x[1]y', { a: '1' }],
    ['<a>,', 'x', { a: 'x' }],
    ['<a>,<b>', ',', { a: '', b: '' }],
    ['<a> x <1b> <c>', '1 x <1b> 2', { a: '1', c: '2' }],
    ['<a>', '', {}],
  ])('%j makes of %j the labels %j', (pattern, line, labels) => {
    expect(labelsAfter(`| pattern ${JSON.stringify(pattern)}`, line)).toEqual(labels)
  })

  it.each(['<_>', '<a><b>', '<a> <a>', 'text', ''])('refuses %j', (pattern) => {
    expect(() => compilePipeline([{ kind: 'pattern', pattern }])).toThrow(LogqlError)
  })
})

describe('unpack', () => {
  it('puts the packed line in place of the line, and the packed labels beside it', () => {
    const line = '{"_entry":"a \\"line\\"","b":"x","c d":"y","n":1,"job":"inner"}'
    expect(lineAfter('| unpack', line)).toBe('a "line"')
    expect(labelsAfter('| unpack', line, { job: 'outer' })).toEqual({
      b: 'x',
      c_d: 'y',
      job: 'outer',
      job_extracted: 'inner',
    })
  })

  it('leaves alone an object in which no line was packed, and an empty line', () => {
    expect(labelsAfter('| unpack', '{"a":"x"}')).toEqual({})
    expect(lineAfter('| unpack', '{"a":"x"}')).toBe('{"a":"x"}')
    expect(labelsAfter('| unpack', '')).toEqual({})
  })

  it.each([
    ['plain', 'expecting json object(6), but it is not'],
    ['{"_entry":"x"', "Value is array, but can't find closing ']' symbol"],
    ['{"_entry":"x"]', "Value looks like object, but can't find closing '}' symbol"],
    ['{', 'Malformed JSON error'],
    ['{"_entry":"x', `Value is string, but can't find closing '"' symbol`],
  ])('marks %j', (line, details) => {
    expect(lineAfter('| unpack', line)).toBe(line)
    expect(labelsAfter('| unpack', line)).toEqual({ __error__: 'JSONParserErr', __error_details__: details })
  })
})

describe('decolorize', () => {
  it.each([
    ['\x1b[31mred\x1b[0m and \x1b[1;32mgreen\x1b[m', 'red and green'],
    ['\x1b]0;title\x07text', 'text'],
    ['plain [31m', 'plain [31m'],
  ])('makes of %j the line %j', (line, plain) => {
    expect(lineAfter('| decolorize', line)).toBe(plain)
  })

  it('needs no longer for many escape characters', () => {
    const line = '\x1b[1;1;1;1'.repeat(20_000)
    expect(lineAfter('| decolorize', line)?.length).toBeLessThan(line.length)
  })
})

describe('drop and keep', () => {
  const LINE = 'a=1 b=2'
  it.each([
    ['| drop a, job, t', { b: '2' }],
    ['| drop a="2", b=~"2|3"', { a: '1', job: 'x', t: 'm' }],
    ['| drop nope', { a: '1', b: '2', job: 'x', t: 'm' }],
    ['| keep a, job', { a: '1', job: 'x' }],
    ['| keep a="2", b!="3", t', { b: '2', t: 'm' }],
    ['| keep nope', {}],
  ])('%s', (stages, labels) => {
    expect(labelsAfter(`| logfmt ${stages}`, LINE, { job: 'x' }, { t: 'm' })).toEqual(labels)
  })

  it('forgets an error only when it is dropped', () => {
    expect(labelsAfter('| json | keep a', 'x')).toMatchObject({ __error__: 'JSONParserErr' })
    expect(labelsAfter('| json | drop __error__, __error_details__', 'x')).toEqual({})
    expect(labelsAfter('| json | drop __error__="OtherErr"', 'x')).toMatchObject({
      __error__: 'JSONParserErr',
    })
  })

  it('leaves the labels of the stream as they were for its next entry', () => {
    const first = processed('| drop job', LINE, { job: 'x' })
    expect(first?.stream.size).toBe(0)
    expect(labelsAfter('', LINE, { job: 'x' })).toEqual({ job: 'x' })
  })
})
