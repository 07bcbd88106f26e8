import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { z } from 'zod'
import { type VigieError } from '../../service/errors.ts'
import {
  describeSettings,
  flag,
  integer,
  isOneSlipAway,
  optionalText,
  port,
  problemsOf,
  settingsFrom,
} from '../../service/settings.ts'

const schema = z.object({
  DEMO_NAME: optionalText.describe('a name'),
  DEMO_LEVEL: z.enum(['low', 'high']).default('low').describe('a level'),
  DEMO_COUNT: integer(1, 10, 5).describe('a count'),
  DEMO_PORT: port(8080).describe('a port'),
  DEMO_FAST: flag(true).describe('fast or not'),
  DEMO_LIST: z.array(z.string()).default(['a', 'b']).describe('a list'),
  DEMO_KEY: z
    .string()
    .regex(/^[a-f]{4}$/, 'four letters from a to f')
    .optional()
    .describe('a key')
    .meta({ secret: true }),
})

function problems(env: Record<string, string>): string[] {
  try {
    settingsFrom(schema, env)
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', exitCode: 2 })
    return (error as VigieError).message.split('\n').slice(1)
  }
  return []
}

describe('settingsFrom', () => {
  test('an empty environment gives the defaults, and others’ variables are ignored', () => {
    expect(settingsFrom(schema, { PATH: '/bin', OTHER: 'x' })).toEqual({
      DEMO_NAME: undefined,
      DEMO_LEVEL: 'low',
      DEMO_COUNT: 5,
      DEMO_PORT: 8080,
      DEMO_FAST: true,
      DEMO_LIST: ['a', 'b'],
    })
  })

  test('values are read in their types', () => {
    const env = { DEMO_NAME: 'x', DEMO_LEVEL: 'high', DEMO_COUNT: '10', DEMO_PORT: '0', DEMO_FAST: '0' }
    expect(settingsFrom(schema, env)).toMatchObject({
      ...{ DEMO_NAME: 'x', DEMO_LEVEL: 'high', DEMO_COUNT: 10, DEMO_PORT: 0, DEMO_FAST: false },
    })
    for (const [text, value] of [
      ['true', true],
      ['1', true],
      ['false', false],
      ['', true],
    ] as const)
      expect(settingsFrom(schema, { DEMO_FAST: text }).DEMO_FAST).toBe(value)
  })

  test('an empty text, number or flag is not set', () => {
    const empty = { DEMO_NAME: '', DEMO_COUNT: '', DEMO_PORT: '', DEMO_FAST: '' }
    expect(settingsFrom(schema, empty)).toEqual(settingsFrom(schema, {}))
  })

  test.each([
    [{ DEMO_LEVEL: 'medium' }, ['DEMO_LEVEL', '"medium"', 'allowed is "low", "high"']],
    [{ DEMO_COUNT: '11' }, ['DEMO_COUNT', '"11"', '10']],
    [{ DEMO_COUNT: '0' }, ['DEMO_COUNT', '"0"', '1']],
    [{ DEMO_COUNT: 'many' }, ['DEMO_COUNT', '"many"', 'number']],
    [{ DEMO_COUNT: '1.5' }, ['DEMO_COUNT', '"1.5"', 'a whole number']],
    [{ DEMO_PORT: '65536' }, ['DEMO_PORT', '"65536"', '65535']],
    [{ DEMO_FAST: 'yes' }, ['DEMO_FAST', '"yes"', 'true']],
  ])('%j: the problem names the key, the value and what is allowed', (env, parts) => {
    const [line, ...others] = problems(env)
    expect(others).toEqual([])
    for (const part of parts) expect(line).toContain(part)
  })

  test('several problems are told at once', () => {
    const lines = problems({ DEMO_LEVEL: 'x', DEMO_COUNT: '99', DEMO_PROT: '1', DEMO_FASTT: '1' })
    expect(lines).toHaveLength(3)
    for (const key of ['DEMO_LEVEL', 'DEMO_COUNT', 'DEMO_FASTT'])
      expect(lines.filter((line) => line.includes(key))).toHaveLength(1)
  })

  test.each([
    ['DEMO_NAM', 'DEMO_NAME'],
    ['DEMO_NAMES', 'DEMO_NAME'],
    ['DEMO_NAMe', 'DEMO_NAME'],
    ['EMO_COUNT', 'DEMO_COUNT'],
  ])('%s is refused, with %s as the suggestion', (written, meant) => {
    expect(problems({ [written]: 'x' })).toEqual([`  ${written}: unknown; did you mean ${meant}?`])
  })

  test('a secret’s value is never shown, nor that of a variable that is meant to be one', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[G-Z0-9]{8,20}$/), (secret) => {
        const lines = problems({ DEMO_KEY: secret, DEMO_KEYS: secret, DEMO_LEVEL: 'x' })
        expect(lines).toHaveLength(3)
        expect(lines.join('\n')).not.toContain(secret)
        expect(lines).toContainEqual('  DEMO_KEY = (secret): four letters from a to f')
      }),
    )
  })
})

describe('isOneSlipAway', () => {
  test('no slip is none, two are too many', () => {
    expect(isOneSlipAway('KAFKA_BROKERS', 'KAFKA_BROKERS')).toBe(false)
    expect(isOneSlipAway('KAFKA_BROKE', 'KAFKA_BROKERS')).toBe(false)
    expect(isOneSlipAway('KAFKB_BROKERZ', 'KAFKA_BROKERS')).toBe(false)
  })

  test('any one letter added, left out or changed is one', () => {
    const word = fc.stringMatching(/^[A-Z_]{1,12}$/)
    fc.assert(
      fc.property(word, fc.nat(), fc.constantFrom('x', 'y'), (meant, place, letter) => {
        const at = place % meant.length
        const [before, after] = [meant.slice(0, at), meant.slice(at + 1)]
        expect(isOneSlipAway(before + letter + meant.slice(at), meant)).toBe(true)
        expect(isOneSlipAway(before + letter + after, meant)).toBe(true)
        expect(isOneSlipAway(before + after, meant)).toBe(true)
        expect(isOneSlipAway(before + letter + letter + meant.slice(at), meant)).toBe(false)
      }),
    )
  })
})

test('a wrong part of a list that was made from a text: the problem shows the text', () => {
  const parts = z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(['key', 'offset'])))
  const read = () => settingsFrom(z.object({ DEMO_PARTS: parts }), { DEMO_PARTS: 'key,ofset' })
  expect(read).toThrow(/^ {2}DEMO_PARTS\.1 = "key,ofset": .*"key", "offset"$/m)
})

test('problemsOf tells unknown keys of a file by their path', () => {
  const file = z.strictObject({ aliases: z.strictObject({ fin: z.array(z.string()) }) })
  const input = { aliases: { fin: ['a', 5], end: [] }, color: 1 }
  const { error } = file.safeParse(input)
  const lines = error === undefined ? [] : problemsOf(error, input).split('\n').sort()
  expect(lines).toEqual([
    '  aliases.end: unknown key',
    expect.stringMatching(/^ {2}aliases\.fin\.1 = 5: .*string/),
    '  color: unknown key',
  ])
})

test('describeSettings gives name, default, description, and whether it is secret', () => {
  expect(describeSettings(schema)).toEqual([
    { name: 'DEMO_NAME', byDefault: '', description: 'a name', secret: false },
    { name: 'DEMO_LEVEL', byDefault: 'low', description: 'a level', secret: false },
    { name: 'DEMO_COUNT', byDefault: '5', description: 'a count', secret: false },
    { name: 'DEMO_PORT', byDefault: '8080', description: 'a port', secret: false },
    { name: 'DEMO_FAST', byDefault: 'true', description: 'fast or not', secret: false },
    { name: 'DEMO_LIST', byDefault: 'a,b', description: 'a list', secret: false },
    { name: 'DEMO_KEY', byDefault: '', description: 'a key', secret: true },
  ])
})

test('a password inside an address is not shown either', () => {
  const schema = z.object({ WHERE: z.url({ protocol: /^https?$/ }) })
  expect(() => settingsFrom(schema, { WHERE: 'loki://bob:hunter2@host' })).toThrow(
    /WHERE = "loki:\/\/bob:\*\*\*@host"/,
  )
})

test('empty is not set, whatever the setting', () => {
  const schema = z.object({
    NAME: z.string().min(1).default('x'),
    LEVEL: z.enum(['a', 'b']).default('a'),
    PORT: port(1),
  })
  expect(settingsFrom(schema, { NAME: '', LEVEL: '', PORT: '' })).toEqual({ NAME: 'x', LEVEL: 'a', PORT: 1 })
  expect(() => settingsFrom(schema, { PORT: ' ' })).toThrow(/PORT/)
})
