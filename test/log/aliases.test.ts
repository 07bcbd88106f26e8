import { describe, expect, test } from '@jest/globals'
import {
  aliasesSchema,
  DEFAULT_ALIASES,
  EPOCH_UNITS,
  FIELDS,
  statesSchema,
  UNITS,
  unitsOf,
  withAliases,
} from '../../log/aliases.ts'

describe('the default aliases', () => {
  test('no name stands for two fields, nor is one a field of the contract', () => {
    const names = FIELDS.flatMap((field) =>
      DEFAULT_ALIASES.fields[field].map(({ name }) => name.toLowerCase()),
    )
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(FIELDS).not.toContain(name)
  })

  test('every unit makes sense for its field', () => {
    for (const field of FIELDS)
      for (const { unit } of DEFAULT_ALIASES.fields[field])
        if (unit !== undefined) expect(unitsOf(field)).toContain(unit)
  })

  test('words for states are in lower case, since they are looked up so', () => {
    for (const word of Object.keys(DEFAULT_ALIASES.states)) expect(word).toBe(word.toLowerCase())
  })
})

test('units are worth what they say: seconds, megabytes, milliseconds since 1970', () => {
  const worth = { ...UNITS, ...EPOCH_UNITS }
  expect(60 * worth.min).toBe(worth.h)
  expect([worth.ms, worth.us, worth.ns].map((each) => Math.round(1 / each))).toEqual([1e3, 1e6, 1e9])
  expect(worth.GB / worth.MB).toBe(1e3)
  expect(worth.MiB / worth.KiB).toBe(1024)
  expect(worth.GiB).toBeCloseTo(1073.741824, 6)
  expect(worth.epoch_s / worth.epoch_ms).toBe(1000)
})

describe('withAliases', () => {
  test('without anything it is the default', () => {
    expect(withAliases()).toEqual(DEFAULT_ALIASES)
  })

  test('the user’s stand in front, fields that are not named stay', () => {
    const { fields } = withAliases({ zone: ['site', 'region'] })
    expect(fields.zone.map(({ name }) => name)).toEqual(['site', 'region', 'region', 'area'])
    expect(fields.fin).toEqual(DEFAULT_ALIASES.fields.fin)
  })

  test('the user’s word for a state overrides the default one, whatever its case', () => {
    const { states } = withAliases({}, { OK: 'FAILED', Terminé: 'SUCCESS' })
    expect(states).toMatchObject({ ok: 'FAILED', terminé: 'SUCCESS', success: 'SUCCESS' })
  })

  test('the default aliases do not change', () => {
    const before = structuredClone(DEFAULT_ALIASES)
    withAliases({ zone: ['site'] }, { ok: 'FAILED' })
    expect(DEFAULT_ALIASES).toEqual(before)
  })
})

describe('the section of vigie.yaml', () => {
  test.each([
    [{ fin: ['when', { name: 'ts', unit: 'epoch_s' }] }],
    [{ duree: [{ name: 'took', unit: 'ms' }] }],
    [{ memoire: [{ name: 'rss', unit: 'KiB' }] }],
    [{}],
  ])('%j is taken', (section) => {
    expect(aliasesSchema.safeParse(section).success).toBe(true)
  })

  test.each([
    ['a field that is not in the contract', { color: ['c'] }, 'color'],
    ['a unit of another kind', { duree: [{ name: 'took', unit: 'MB' }] }, 'duree.0.unit'],
    ['a unit for a text', { zone: ['a', { name: 'b', unit: 's' }] }, 'zone.1.unit'],
    ['a unit that does not exist', { duree: [{ name: 'took', unit: 'weeks' }] }, 'duree.0'],
    ['an empty name', { zone: [''] }, 'zone.0'],
    ['a name instead of a list', { zone: 'site' }, 'zone'],
    ['a misspelt key', { duree: [{ nom: 'took', unit: 's' }] }, 'duree.0'],
  ])('%s is refused, and said where', (_, section, path) => {
    const issues = aliasesSchema.safeParse(section).error?.issues ?? []
    const paths = issues.map((issue) =>
      (issue.code === 'unrecognized_keys' ? issue.keys : issue.path).map(String).join('.'),
    )
    expect(paths.some((each) => each.startsWith(path))).toBe(true)
  })

  test('a state is SUCCESS or FAILED', () => {
    expect(statesSchema.safeParse({ done: 'SUCCESS' }).success).toBe(true)
    expect(statesSchema.safeParse({ done: 'success' }).success).toBe(false)
  })
})
