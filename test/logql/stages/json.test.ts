import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { labelsAfter } from './processing.ts'

const OBJECT_PROBLEM = "Value looks like object, but can't find closing '}' symbol"
const ARRAY_PROBLEM = "Value is array, but can't find closing ']' symbol"

describe('json', () => {
  it('makes labels of all members, nested ones under both names, and leaves out arrays and nulls', () => {
    const line = '{"a":"x","b":{"c":1,"d e":{"f":true}},"g":[1,{"h":2}],"i":null}'
    expect(labelsAfter('| json', line)).toEqual({ a: 'x', b_c: '1', b_d_e_f: 'true' })
  })

  it.each([
    ['1.50', '1.50'],
    ['1e3', '1e3'],
    ['-0', '-0'],
    ['12345678901234567890', '12345678901234567890'],
    ['1.5e-07', '1.5e-07'],
    ['false', 'false'],
    ['""', ''],
    ['"a\\"b\\\\c\\/\\n\\u00e9\\ud83d\\ude80"', 'a"b\\c/\né🚀'],
    ['"\\ud83d"', ''],
    ['"\\x"', ''],
    ['"a\ufffdb"', 'a b'],
  ])('writes the value %s as %j', (value, text) => {
    expect(labelsAfter('| json', `{"a":${value}}`)).toEqual({ a: text })
  })

  it.each([
    ['a.b', 'a_b'],
    [' a ', 'a'],
    ['1a', '_1a'],
    ['é', '_'],
    ['🚀x', '_x'],
    ['a"b', 'a_b'],
    ['__proto__', '__proto__'],
  ])('makes of the key %j the name %s', (key, name) => {
    expect(labelsAfter('| json', JSON.stringify({ n: 1 }).replace('"n"', JSON.stringify(key)))).toEqual(
      Object.fromEntries([[name, '1']]),
    )
  })

  it('leaves out members without a name', () => {
    expect(labelsAfter('| json', '{"":1," ":2,"a":{"":3}}')).toEqual({ a_: '3' })
  })

  it('keeps the first of two with one name', () => {
    expect(labelsAfter('| json', '{"a":1,"a":2,"a ":3}')).toEqual({ a: '1' })
    expect(labelsAfter('| json | logfmt', '{"a":1} a=2 b=3')).toEqual({ a: '1', b: '3' })
  })

  it('puts a suffix to names that the stream or its metadata has', () => {
    expect(labelsAfter('| json', '{"a":1,"b":2,"c":3}', { a: 'x' }, { b: 'y' })).toEqual({
      a: 'x',
      a_extracted: '1',
      b: 'y',
      b_extracted: '2',
      c: '3',
    })
  })

  it('puts a suffix to metadata that the stream has, which a parsed label takes over', () => {
    expect(labelsAfter('', 'x', { a: 'x' }, { a: 'y' })).toEqual({ a: 'x', a_extracted: 'y' })
    expect(labelsAfter('| json', '{"a":1}', { a: 'x' }, { a: 'y' })).toEqual({ a: 'x', a_extracted: '1' })
  })

  it.each([
    ['', {}, OBJECT_PROBLEM],
    ['plain', {}, OBJECT_PROBLEM],
    ['[1]', {}, OBJECT_PROBLEM],
    ['{', {}, 'Malformed JSON error'],
    ['{"a":1', { a: '1' }, ARRAY_PROBLEM],
    ['{"a":1,', { a: '1' }, ARRAY_PROBLEM],
    ['{"a":1,"\\x":2}', { a: '1' }, 'Encountered an invalid escape sequence in a string'],
    ['{"a":1,"b":{"c":2', { a: '1' }, OBJECT_PROBLEM],
    ['{"a":1,"b":[2', { a: '1' }, ARRAY_PROBLEM],
    ['{"a":1,"b":"x', { a: '1' }, `Value is string, but can't find closing '"' symbol`],
    ['{"a":1,"b":nope}', { a: '1' }, 'Unknown value type'],
    ['{"a":1,"b"}', { a: '1' }, 'Malformed JSON error'],
    ['{"a":1 "b":2}', { a: '1' }, OBJECT_PROBLEM],
    ['{"a":1,"b', { a: '1' }, 'Malformed JSON error'],
    ['{"a":', {}, 'Malformed JSON error'],
  ])('keeps what comes before the mistake in %j', (line, labels, details) => {
    expect(labelsAfter('| json', line)).toEqual({
      ...labels,
      __error__: 'JSONParserErr',
      __error_details__: details,
    })
  })

  it.each(['{"a":1} trailing', ' { "a" : 1 , } ', '{"a":1}{"b":2}'])('takes %j as it is', (line) => {
    expect(labelsAfter('| json', line)).toEqual({ a: '1' })
  })

  it('refuses to follow objects nested without end', () => {
    const deep = 100_000
    const labels = labelsAfter('| json', `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`)
    expect(labels).toMatchObject({ __error__: 'JSONParserErr' })
  })

  it('reads any JSON object as JSON.parse does', () => {
    const keys = fc.stringMatching(/^[a-z]{1,3}$/)
    const values = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.integer()),
    )
    fc.assert(
      fc.property(fc.dictionary(keys, fc.oneof(values, fc.dictionary(keys, values))), (object) => {
        for (const line of [JSON.stringify(object), JSON.stringify(object, undefined, 2)])
          expect(labelsAfter('| json', line)).toEqual(flattened(object))
      }),
    )
  })

  it('takes any text without throwing', () => {
    fc.assert(
      fc.property(oddJson, (line) => {
        labelsAfter('| json', line)
        labelsAfter('| unpack', line)
      }),
    )
  })
})

/** Texts that look like JSON, most of them broken. */
const oddJson = fc
  .array(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      ' ',
      '\\',
      'a',
      '1',
      'null',
      '"a"',
      '"b":',
      '{"a":',
      '\\"',
    ),
  )
  .map((parts) => parts.join(''))

type Json = Readonly<Record<string, unknown>>

function flattened(object: Json): Json {
  const labels: Record<string, unknown> = {}
  const add = (name: string, value: unknown): void => {
    if (typeof value === 'string') labels[name] ??= value.replaceAll('\ufffd', ' ')
    else if (typeof value === 'number' || typeof value === 'boolean') labels[name] ??= String(value)
    else if (value !== null && !Array.isArray(value))
      for (const [key, inner] of Object.entries(value as Json)) add(`${name}_${key}`, inner)
  }
  for (const [key, value] of Object.entries(object)) add(key, value)
  return labels
}
