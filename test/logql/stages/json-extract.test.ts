import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { LogqlError } from '../../../logql/error.ts'
import { parsePath } from '../../../logql/stages/json-path.ts'
import { labelsAfter, pipelineOf } from './processing.ts'

const LINE = '{"a": {"b": [10, {"c d": "x"}], "e": null}, "f": "y\\n", "g": [1, "\\"2"], "f": "later"}'

describe('json with paths', () => {
  it.each([
    ['f', 'y\n'],
    ['a.b[0]', '10'],
    ['a.b[1]["c d"]', 'x'],
    ['["a"].b[0]', '10'],
    ['a.b', '[10, {"c d": "x"}]'],
    ['a.b[1]', '{"c d": "x"}'],
    ['a', '{"b": [10, {"c d": "x"}], "e": null}'],
    ['g', '[1, ""2"]'],
    ['a.e', ''],
    ['a.b[2]', ''],
    ['b', ''],
    ['e', ''],
    ['a.f', ''],
    ['f.x', ''],
    ['f[0]', ''],
  ])('takes at %s the value %j', (path, value) => {
    expect(labelsAfter(`| json v=${JSON.stringify(path)}`, LINE)).toEqual({ v: value })
  })

  it('takes several, of which one may be within another or the same', () => {
    expect(labelsAfter('| json x="a.b[0]", y="a.b", z="a.b[0]", f, w="nope"', LINE)).toEqual({
      x: '10',
      y: '[10, {"c d": "x"}]',
      z: '10',
      f: 'y\n',
      w: '',
    })
  })

  it('takes items of an array that is the whole line', () => {
    expect(labelsAfter('| json v="[1].a"', '[0, {"a": 1}]')).toEqual({ v: '1' })
  })

  it('finds keys that are written with escapes, and not those in texts', () => {
    expect(labelsAfter('| json v="a"', '{"x":"\\"a\\":1","\\u0061":2}')).toEqual({ v: '2' })
    expect(labelsAfter('| json v="[\\"a\\\\\\"b\\"]"', '{"b":1,"a\\"b":2}')).toEqual({ v: '2' })
    expect(labelsAfter('| json v="b"', '{"a\\"b":2}')).toEqual({ v: '' })
  })

  it('puts a suffix to names that are taken, and leaves those alone when nothing is found', () => {
    expect(labelsAfter('| json a="f"', LINE, { a: 'x' })).toEqual({ a: 'x', a_extracted: 'y\n' })
    expect(labelsAfter('| json a="nope"', LINE, { a: 'x' })).toEqual({ a: 'x' })
  })

  it('does not look at what comes after the last value', () => {
    expect(labelsAfter('| json v="f"', '{"f":1 broken')).toEqual({ v: '1' })
    expect(labelsAfter('| json v="a.b"', '{"a":{"b":1')).toEqual({ v: '1' })
  })

  it('marks what is no JSON, and values without an end', () => {
    expect(labelsAfter('| json v="f"', 'plain')).toEqual({ __error__: 'JSONParserErr' })
    expect(labelsAfter('| json v="f"', '{"f":{"a":1')).toEqual({
      __error__: 'JSONParserErr',
      __error_details__: "Value looks like object, but can't find closing '}' symbol",
      v: '',
    })
  })

  it('leaves an empty line alone', () => {
    expect(labelsAfter('| json v="f"', '')).toEqual({})
  })

  it.each(['b..c', '', '.a', 'a.', 'a[', 'a[x]', 'a["x]', 'a b', '1a', '[0]x'])(
    'refuses the path %j',
    (path) => {
      expect(() => pipelineOf(`| json a=${JSON.stringify(path)}`)).toThrow(LogqlError)
    },
  )

  it('reads paths into their steps', () => {
    expect(parsePath('a.b_1[0]["c \\"d"].e')).toEqual(['a', 'b_1', 0, 'c "d', 'e'])
  })

  it('finds in any object what is there, wherever it stands', () => {
    const keys = fc.constantFrom('a', 'b', 'ab', 'a"', 'é', '\\')
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
      ),
    }))
    const steps = fc.array(fc.oneof(keys, fc.nat(3)), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(fc.dictionary(keys, value), steps, fc.boolean(), (object, path, isPretty) => {
        const line = JSON.stringify(object, undefined, isPretty ? 1 : undefined)
        const text = path
          .map((step) => (typeof step === 'number' ? `[${step}]` : `["${escaped(step)}"]`))
          .join('')
        const found = labelsAfter(`| json v=${JSON.stringify(text)}, w="b"`, line)
        const parsed = found?.v ?? ''
        const expected = at(object, path)
        if (typeof expected === 'string') expect(parsed).toBe(expected.replaceAll('\ufffd', ' '))
        else if (expected === undefined || expected === null) expect(parsed).toBe('')
        else if (!Array.isArray(expected))
          expect(JSON.parse(parsed)).toEqual(JSON.parse(JSON.stringify(expected)))
      }),
      { numRuns: 300 },
    )
  })

  it('is the same whether plain members are passed over at once or one by one', () => {
    const parts = fc.constantFrom(
      '"a":1,',
      '"b":"x",',
      '"a" : "y" , ',
      '"c":{"a":1},',
      '"\\u0061":2,',
      '"d":[1],',
    )
    const odd = fc.constantFrom('"', '}', '{', ',', 'x', '"a"', ':', '1', '\\', ' ')
    const lines = fc.array(fc.oneof({ weight: 3, arbitrary: parts }, odd)).map((all) => `{${all.join('')}}`)
    fc.assert(
      fc.property(lines, (line) => {
        // That no member is plain is said by an escape in each key, which means the same.
        const slow = line.replace(
          /"([abcd])"(?=\s*:)/g,
          (_, key: string) => `"\\u00${key.charCodeAt(0).toString(16)}"`,
        )
        expect(labelsAfter('| json v="a"', line)).toEqual(labelsAfter('| json v="a"', slow))
      }),
      { numRuns: 300 },
    )
  })
})

const escaped = (key: string): string => key.replace(/["\\]/g, '\\$&')

function at(value: unknown, [step, ...rest]: readonly (string | number)[]): unknown {
  if (step === undefined) return value
  if (typeof step === 'number') return Array.isArray(value) ? at(value[step], rest) : undefined
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? at((value as Record<string, unknown>)[step], rest) : undefined
}
