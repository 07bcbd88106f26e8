import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { LogqlError } from '../../../logql/error.ts'
import { labelsAfter, pipelineOf } from './processing.ts'

const error = (position: number, problem: string): Record<string, string> => ({
  __error__: 'LogfmtParserErr',
  __error_details__: `logfmt syntax error at pos ${position} : ${problem}`,
})

describe('logfmt', () => {
  it.each([
    ['a=1 b=x', { a: '1', b: 'x' }],
    ['a="x y" b="q\\"\\\\\\n\\u00e9"', { a: 'x y', b: 'q"\\\né' }],
    ['a= b c="" d=1', { d: '1' }],
    ['a=1 a=2', { a: '1' }],
    ['a.b-c=1 1d=2 é=3', { a_b_c: '1', _1d: '2', _: '3' }],
    ['\ta=1\n b=2 ', { a: '1', b: '2' }],
    ['a="x"b=1', { a: 'x', b: '1' }],
    ['a=b=c d=1', { d: '1' }],
    ['a=b"c d=1', { d: '1' }],
    ['=x a=1', { a: '1' }],
    ['say "hello there" a=1', { a: '1' }],
    ['a="\\x" b=1', { b: '1' }],
    ['a="open b=1', {}],
    ['a="x\ufffd" b=1', { b: '1' }],
    ['x\ufffd=1 b=1', { b: '1' }],
    ['', {}],
  ])('makes of %j the labels %j', (line, labels) => {
    expect(labelsAfter('| logfmt', line)).toEqual(labels)
  })

  it('keeps keys without a value when it is told to', () => {
    expect(labelsAfter('| logfmt --keep-empty', 'a= b c="" d=1')).toEqual({ a: '', b: '', c: '', d: '1' })
  })

  it.each([
    ['a=1 =x b=2', { a: '1', ...error(5, "unexpected '='") }],
    ['é=1 a=b=c', { _: '1', ...error(9, "unexpected '='") }],
    ['a"b', error(2, `unexpected '"'`)],
    ['a="open', error(8, 'unterminated quoted value')],
    ['a="\\x"', error(7, 'invalid quoted value')],
    ['a=1 b', { a: '1' }],
  ])('ends with --strict at what is wrong in %j', (line, labels) => {
    expect(labelsAfter('| logfmt --strict', line)).toEqual(labels)
  })

  it('takes out only the keys that are asked for, and gives the others a value of nothing', () => {
    expect(labelsAfter('| logfmt x="a", b, c', 'a=1 b="2 3" d=4')).toEqual({ x: '1', b: '2 3', c: '' })
    expect(labelsAfter('| logfmt a="b", c', 'b=1', { a: 'x', c: 'y' })).toEqual({
      a: 'x',
      a_extracted: '1',
      c: 'y',
    })
  })

  it.each([
    // Keys are looked for by the label names that they make; the last one counts.
    ['x="a_b"', 'a-b=1 a.b=2', { x: '2' }],
    ['x="_1x"', '1x=5', { x: '5' }],
    // A label is also found under its own name.
    ['x="a", b="c"', 'a=1 b=2', { x: '1', b: '2' }],
    ['x="a"', 'a=1 x=2', { x: '2' }],
    ['x="a"', 'x=2 a=1', { x: '1' }],
    ['x="a", x="c"', 'a=1', { x: '' }],
    ['x="\\"a\\""', 'a=1', { x: '1' }],
    ['x="a" | logfmt x="c"', 'a=1', { x: '' }],
  ])('logfmt %s of %s', (stages, line, labels) => {
    expect(labelsAfter(`| logfmt ${stages}`, line)).toEqual(labels)
  })

  it.each(['', ' ', 'a.b', 'a-b', 'a[0]', '0a', 'a b', 'é'])('refuses the expression "%s"', (path) => {
    expect(() => pipelineOf(`| logfmt x="${path}"`)).toThrow(LogqlError)
  })

  it('reads back what is written as logfmt', () => {
    const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`
    const values = fc.stringMatching(/^[ -~é\n]{1,8}$/)
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), values), (labels) => {
        const line = Object.entries(labels).map(([key, value]) => `${key}=${quoted(value)}`)
        expect(labelsAfter('| logfmt', line.join(' '))).toEqual({ ...labels })
      }),
    )
  })

  it('comes to an end with any text', () => {
    const parts = fc.constantFrom('a', '=', '"', ' ', '\\', '\n', 'é', '\ufffd')
    fc.assert(
      fc.property(fc.array(parts), (line) => {
        for (const flags of ['', '--strict', '--keep-empty']) labelsAfter(`| logfmt ${flags}`, line.join(''))
      }),
    )
  })
})
