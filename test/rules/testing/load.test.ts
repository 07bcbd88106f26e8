import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { loadTests } from '../../../rules/testing/load.ts'

const folder = mkdtempSync(join(tmpdir(), 'vigie-load-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function written(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}
const rules = `
groups:
  - name: g
    interval: 30s
    rules:
      - { record: r, expr: "vector(1)" }
      - { alert: mine, expr: "vector(2)", for: 2m }
      - { alert: other, expr: "vector(3)" }`
const tests = (more: string, expected = '{ at: 1m }') => `
rule_files: [rules.yaml]
${more}
tests: [{ name: one, expect: [${expected}] }]`

describe('loadTests', () => {
  test('the catalogue, for the sources that the file declares, when it names no rules', () => {
    const { rules: own } = loadTests(
      written(
        'catalogue.yaml',
        'alert: 4-latence-degradee\nsources: [{ match: a, limits: { duration_s: 7 } }]\ntests: [{ name: x, expect: [{ at: 0 }] }]',
      ),
    )
    const latency = own.filter(({ alert }) => alert === '4-latence-degradee')
    expect(latency.map(({ forMs, everyMs }) => [forMs, everyMs])).toEqual([
      [300_000, 60_000],
      [300_000, 60_000],
    ])
    expect(latency[0]?.expr).toMatch(/source=~"a".*> 7$/)
  })

  test('rules of one’s own, found beside the file of tests; recording rules are left out', () => {
    written('rules.yaml', rules)
    const loaded = loadTests(
      written('own.yaml', tests('alert: mine', '{ at: 1m }, { at: 2m, alert: other }')),
    )
    expect(loaded.rules).toEqual([
      { alert: 'mine', expr: 'vector(2)', forMs: 120_000, everyMs: 30_000 },
      { alert: 'other', expr: 'vector(3)', forMs: 0, everyMs: 30_000 },
    ])
    expect(loaded.tests.map(({ expect: all }) => all.map(({ alert }) => alert))).toEqual([['mine', 'other']])
  })

  test('evaluation_interval takes the place of the groups’ intervals', () => {
    written('rules.yaml', rules)
    const loaded = loadTests(written('pace.yaml', tests('alert: mine\nevaluation_interval: 10s')))
    expect(loaded.rules.map(({ everyMs }) => everyMs)).toEqual([10_000, 10_000])
  })

  const sentence = (text: string): string => {
    let message = ''
    const file = written('wrong.yaml', text)
    try {
      loadTests(file)
    } catch (error) {
      expect(error).toMatchObject({ name: 'VigieError', exitCode: 2 })
      message = (error as Error).message
    }
    expect(message).toContain(folder)
    return message
  }

  test.each([
    [
      'an alert that no rule has',
      tests('alert: mein'),
      /tests\.0\.expect\.0\.alert = "mein": no rule has that name/,
    ],
    ['no alert', tests(''), /tests\.0\.expect\.0\.alert = not set/],
    ['an unknown key', tests('alert: mine\nalrt: x'), /wrong\.yaml:\n {2}alrt: unknown key/],
    [
      'a duration that is none',
      tests('alert: mine', '{ at: soon }'),
      /expect\.0\.at = "soon": a duration such as/,
    ],
    [
      'a file of rules that is not there',
      tests('alert: mine').replace('rules.yaml', 'none.yaml'),
      /none\.yaml cannot be read: .*ENOENT/,
    ],
    ['no YAML', 'tests: [', /wrong\.yaml cannot be read: /],
    ['nothing', '', /all of it = null/],
  ])('%s is told', (_, text, expected) => {
    written('rules.yaml', rules)
    expect(sentence(text)).toMatch(expected)
  })

  test.each([
    ['for: 2 minutes', /rules\.yaml:\n.*groups\.0\.rules\.1\.for = "2 minutes"/],
    ['for: 2m }\n      - { alert: x', /groups\.0\.rules\.2\.expr = not set/],
  ])('a file of rules with %s is told by its own name', (wrong, expected) => {
    written('rules.yaml', rules.replace('for: 2m', wrong))
    expect(sentence(tests('alert: mine'))).toMatch(expected)
  })

  test('a query that is wrong as written is told with its file and its place', () => {
    written('rules.yaml', rules.replace('vector(2)', 'vector(2').replace('vector(3)', '{a=\\"b\\"}'))
    const told = sentence(tests('alert: mine'))
    expect(told).toMatch(
      /in .*rules\.yaml:\n {2}groups\.0\.rules\.1\.expr = "vector\(2": parse error at line 1/,
    )
    expect(told).toMatch(/groups\.0\.rules\.2\.expr = .*: it asks for lines, not for numbers$/)
  })

  test('a file that is not there, and a folder', () => {
    const missing = { code: 'CONFIG_FILE_UNREADABLE', exitCode: 2 }
    expect(() => loadTests(join(folder, 'none.yaml'))).toThrow(expect.objectContaining(missing))
    mkdirSync(join(folder, 'sub'))
    expect(() => loadTests(join(folder, 'sub'))).toThrow(expect.objectContaining(missing))
  })
})
