import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { z } from 'zod'
import { type Declaration, named, patternOf, shares, sourcesYaml } from '../../rules/sources.ts'
import { problemsOf } from '../../service/settings.ts'

const schema = z.strictObject(sourcesYaml)

function problems(...sources: unknown[]): string[] {
  const input = { sources }
  const { error } = schema.safeParse(input)
  return error === undefined ? [] : problemsOf(error, input).split('\n')
}
const declared = (...matches: string[]): Declaration[] => matches.map((match) => ({ match }))

describe('what may be declared', () => {
  test('nothing, or everything', () => {
    expect(schema.parse({})).toEqual({ sources: [] })
    const all = { match: 'crm-*', every: '1h', grace: '10m', owner: 'a@b.org', slo: 0.995 }
    expect(
      schema.parse({ sources: [{ ...all, limits: { duration_s: 60, memory_mb: 500, cpu_s: 1.5 } }] }),
    ).toEqual({
      sources: [
        { ...all, every: 3_600_000, grace: 600_000, limits: { duration_s: 60, memory_mb: 500, cpu_s: 1.5 } },
      ],
    })
    expect(problems({ match: 'a', cron: '0 6 * * 1-5', timezone: 'Europe/Paris' })).toEqual([])
  })

  test.each([
    [{}, 'sources.0.match = not set', 'string'],
    [{ match: '' }, 'sources.0.match = ""', '1'],
    [{ match: 5 }, 'sources.0.match = 5', 'string'],
    [{ match: 'a', evry: '1h' }, 'sources.0.evry: unknown key', ''],
    [{ match: 'a', every: '1 hour' }, 'sources.0.every = "1 hour"', '15m'],
    [{ match: 'a', every: 60 }, 'sources.0.every = 60', 'string'],
    [{ match: 'a', every: '-1h' }, 'sources.0.every = "-1h"', '15m'],
    [{ match: 'a', every: '0s' }, 'sources.0.every = "0s"', 'longer than 0'],
    [{ match: 'a', every: '201d' }, 'sources.0.every = "201d"', '200d'],
    [{ match: 'a', every: `${'9'.repeat(400)}d` }, 'sources.0.every = "999', '200d'],
    [{ match: 'a', every: '1d', grace: '31d' }, 'sources.0.grace = "31d"', '30d'],
    [{ match: 'a', grace: '1h' }, 'sources.0 = {', 'grace belongs to every or cron'],
    [{ match: 'a', every: '1h', cron: '0 * * * *' }, 'sources.0 = {', 'either every or cron'],
    [{ match: 'a', every: '1h', timezone: 'UTC' }, 'sources.0 = {', 'timezone belongs to cron'],
    [{ match: 'a', cron: 'noon' }, 'sources.0.cron = "noon"', 'five fields'],
    [{ match: 'a', cron: '0 25 * * *' }, 'sources.0.cron = "0 25 * * *"', '25'],
    [{ match: 'a', cron: '0 0 30 2 *' }, 'sources.0.cron = "0 0 30 2 *"', 'does not fire'],
    [{ match: 'a', cron: '0 0 * * *', timezone: 'Paris' }, 'sources.0.timezone = "Paris"', 'Europe/Paris'],
    [{ match: 'a', cron: '0 0 * * *', timezone: '+01:00' }, 'sources.0.timezone = "+01:00"', 'Europe/Paris'],
    [{ match: 'a', cron: '0 0 * * *', timezone: '' }, 'sources.0.timezone = ""', 'Europe/Paris'],
    [{ match: 'a', owner: 'bob' }, 'sources.0.owner = "bob"', 'email'],
    [{ match: 'a', slo: 1 }, 'sources.0.slo = 1', '<1'],
    [{ match: 'a', slo: 99.5 }, 'sources.0.slo = 99.5', '<1'],
    [{ match: 'a', slo: 0 }, 'sources.0.slo = 0', '>0'],
    [{ match: 'a', limits: { memory: 5 } }, 'sources.0.limits.memory: unknown key', ''],
    [{ match: 'a', limits: { memory_mb: 0 } }, 'sources.0.limits.memory_mb = 0', '>0'],
    [{ match: 'a', limits: { cpu_s: '60' } }, 'sources.0.limits.cpu_s = "60"', 'number'],
    [
      { match: 'a', limits: { duration_s: Number.POSITIVE_INFINITY } },
      'sources.0.limits.duration_s',
      'number',
    ],
  ])('%j: one problem that names the key, its value and what is allowed', (source, place, allowed) => {
    const [problem, ...others] = problems(source)
    expect(others).toEqual([])
    expect(problem?.trim().startsWith(place)).toBe(true)
    expect(problem).toContain(allowed)
  })

  test('the same pattern twice, which would leave the second without effect', () => {
    expect(problems({ match: 'a' }, { match: 'b' }, { match: 'a' })).toEqual([
      '  sources.2.match = "a": declared twice',
    ])
  })

  test('several problems are told at once', () => {
    expect(problems({ match: '' }, { match: 'a', slo: 2 })).toHaveLength(2)
    expect(problems(...Array.from({ length: 201 }, (_, index) => ({ match: `s${index}` })))).toHaveLength(1)
  })

  test.each([
    ['europe/paris', 'Europe/Paris'],
    ['utc', 'UTC'],
    ['Europe/Kyiv', 'Europe/Kyiv'],
    ['Asia/Kolkata', 'Asia/Kolkata'],
  ])('time zone %s is told to Loki as %s', (written, told) => {
    const { sources } = schema.parse({ sources: [{ match: 'a', cron: '0 0 * * *', timezone: written }] })
    expect(sources[0]?.timezone).toBe(told)
  })
})

const name = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.string({
    unit: fc.constantFrom('a', 'b', '-', '.', '+', '(', ')', '|', '\\', '[', '$', '^', '{', '?', '\n'),
  }),
)
const matchOf = (pattern: string, source: string): boolean =>
  new RegExp(`^(?:${patternOf({ match: pattern })})$`, 's').test(source)

describe('patternOf', () => {
  test('a name without * matches itself and nothing else', () => {
    fc.assert(
      fc.property(name, name, (one, other) => {
        fc.pre(!one.includes('*'))
        expect(matchOf(one, one)).toBe(true)
        expect(matchOf(one, other)).toBe(one === other)
      }),
    )
  })

  test('* stands for any characters, or none', () => {
    fc.assert(
      fc.property(name, name, name, (start, between, end) => {
        fc.pre(!/\*/.test(start + end))
        expect(matchOf(`${start}*${end}`, start + between + end)).toBe(true)
        expect(matchOf(`${start}*${end}`, start + end)).toBe(true)
        expect(matchOf(`${start}*`, `x${start}`)).toBe(`x${start}`.startsWith(start))
      }),
    )
  })
})

/** Reads matchers as Loki does: anchored regular expressions over the label. */
function fulfils(matchers: readonly string[], source: string): boolean {
  return matchers.every((matcher) => {
    const [, operator, literal = '""'] = /^source(=~|!~)(.*)$/s.exec(matcher) ?? []
    expect(operator).toBeDefined()
    return new RegExp(`^(?:${JSON.parse(literal)})$`, 's').test(source) === (operator === '=~')
  })
}

describe('shares', () => {
  test('everybody is one share when nothing is declared, or nothing that settles it', () => {
    expect(shares([], () => 1, 0)).toEqual([{ name: '', value: 0, matchers: [] }])
    expect(shares(declared('a', 'b'), () => undefined, 0)).toEqual([{ name: '', value: 0, matchers: [] }])
  })

  test('the first that matches wins; patterns that cannot meet are not told apart', () => {
    expect(shares(declared('crm', 'crm-*', 'erp', '*-eu', '*'), ({ match }) => match, '')).toEqual([
      { name: 'crm', value: 'crm', matchers: ['source=~"crm"'] },
      { name: 'crm-*', value: 'crm-*', matchers: ['source=~"crm-.*"'] },
      { name: 'erp', value: 'erp', matchers: ['source=~"erp"'] },
      { name: '*-eu', value: '*-eu', matchers: ['source=~".*-eu"', 'source!~"crm-.*"'] },
      { name: '*', value: '*', matchers: ['source=~".*"', 'source!~"crm|crm-.*|erp|.*-eu"'] },
      { name: '', value: '', matchers: ['source!~"crm|crm-.*|erp|.*-eu|.*"'] },
    ])
  })

  test('every source belongs to one share: that of the first declaration that matches and settles', () => {
    const piece = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '|', '"', '\\'), maxLength: 3 })
    const pattern = fc.oneof(
      piece,
      fc.tuple(piece, piece).map((parts) => parts.join('*')),
      fc.tuple(piece, piece, piece).map((parts) => parts.join('*')),
    )
    const declaration = fc.record({ match: pattern, settled: fc.boolean() })
    fc.assert(
      fc.property(
        fc.uniqueArray(declaration, { selector: ({ match }) => match }),
        piece,
        piece,
        (all, a, b) => {
          const parts = shares(
            all,
            (each) => (all.find(({ match }) => match === each.match)?.settled ? each.match : undefined),
            undefined,
          )
          const sources = [a, a + b, ...all.map(({ match }) => match.replaceAll('*', a)), `${b}-${a}`]
          for (const source of sources) {
            const first = all.find(({ match, settled }) => settled && matchOf(match, source))?.match
            const own = parts.filter(({ matchers }) => fulfils(matchers, source))
            expect({ source, own: own.map(({ value }) => value) }).toEqual({ source, own: [first] })
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  test('two hundred plain names make no long query', () => {
    const all = declared(...Array.from({ length: 200 }, (_, index) => `a-source-of-some-length-${index}`))
    for (const { name, matchers } of shares(all, () => 1, 0))
      if (name !== '') expect(matchers).toHaveLength(1)
  })
})

test('named tells an alert’s share, but not that of everybody', () => {
  expect(named({ name: 'crm-*', value: 1, matchers: [] })).toEqual({ share: 'crm-*' })
  expect(named({ name: '', value: 1, matchers: [] })).toEqual({})
})
