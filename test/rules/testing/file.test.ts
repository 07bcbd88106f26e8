import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { durationMs } from '../../../loki/logql.ts'
import { ruleFile, testFile } from '../../../rules/testing/file.ts'
import { problemsOf } from '../../../service/settings.ts'

describe('durationMs', () => {
  test.each([
    ['0s', 0],
    ['500ms', 500],
    ['90s', 90_000],
    ['1h15m', 4_500_000],
    ['1h30m10s', 5_410_000],
    ['7d', 604_800_000],
    ['1w', 604_800_000],
    ['9m55s', 595_000],
  ])('%s is %d ms', (text, expected) => expect(durationMs(text)).toBe(expected))

  test.each(['', '5', '0', 's', '1', '1y', '1.5h', '-1h', ' 1h', '1h ', '1h 15m', '1hx', 'x1h', '1H', '1m5'])(
    '%j is no duration',
    (text) => expect(durationMs(text)).toBeUndefined(),
  )

  test('parts add up, whatever was read before', () => {
    const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
    const part = fc.tuple(fc.nat(1_000), fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[])))
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), fc.string(), (parts, noise) => {
        durationMs(noise)
        const total = parts.reduce((sum, [amount, unit]) => sum + amount * units[unit], 0)
        expect(durationMs(parts.map((each) => each.join('')).join(''))).toBe(total)
      }),
    )
  })
})

function problems(input: unknown): string[] {
  const { error } = testFile.safeParse(input)
  return error === undefined ? [] : problemsOf(error, input).split('\n')
}
const run = { source: 'crm' }
const withLogs = (log: unknown) => ({ tests: [{ name: 'x', logs: [log], expect: [{ at: '1m' }] }] })
const withExpect = (expected: unknown) => ({ tests: [{ name: 'x', expect: [expected] }] })

describe('a file of tests', () => {
  test('what is left out has defaults', () => {
    expect(testFile.parse(withExpect({ at: '1m' }))).toEqual({
      sources: [],
      tests: [
        {
          name: 'x',
          start: '2026-01-05T00:00:00Z',
          logs: [],
          expect: [{ at: 60_000, firing: [], pending: [] }],
        },
      ],
    })
  })

  test('0 is a duration, with and without quotes', () => {
    expect(problems(withExpect({ at: 0 }))).toEqual([])
    expect(problems(withLogs({ at: [0, '0', '0s'], run }))).toEqual([])
    expect(problems(withLogs({ every: '1m', from: 0, to: '5m', run }))).toEqual([])
  })

  test.each([
    [null, 'all of it = null', 'object'],
    [{}, 'tests = not set', 'array'],
    [{ tests: [] }, 'tests = []', '1'],
    [{ ...withExpect({ at: '1m' }), test: 1 }, 'test: unknown key', ''],
    [{ ...withExpect({ at: '1m' }), rule_files: 'a.yaml' }, 'rule_files = "a.yaml"', 'array'],
    [
      { ...withExpect({ at: '1m' }), evaluation_interval: '0s' },
      'evaluation_interval = "0s"',
      'longer than 0',
    ],
    [{ ...withExpect({ at: '1m' }), sources: [{ match: 'a', slo: 2 }] }, 'sources.0.slo = 2', '<1'],
    [{ tests: [{ name: 'x', expect: [] }] }, 'tests.0.expect = []', '1'],
    [{ tests: [{ name: 'x', start: 'today', expect: [{ at: 0 }] }] }, 'tests.0.start = "today"', 'datetime'],
    [withExpect({}), 'tests.0.expect.0.at = not set', '1h30m'],
    [withExpect({ at: 5 }), 'tests.0.expect.0.at = 5', '1h30m'],
    [withExpect({ at: '5 minutes' }), 'tests.0.expect.0.at = "5 minutes"', '1h30m'],
    [withExpect({ at: '1m', fires: [] }), 'tests.0.expect.0.fires: unknown key', ''],
    [withExpect({ at: '1m', firing: { source: 'a' } }), 'tests.0.expect.0.firing = {', 'array'],
    [withExpect({ at: '1m', firing: [{ code: 500 }] }), 'tests.0.expect.0.firing.0.code = 500', 'string'],
    [withLogs({ at: '1 min', run }), 'tests.0.logs.0.at = "1 min"', '1h30m'],
    [withLogs({ at: ['1m', 'x'], run }), 'tests.0.logs.0.at = ["1m","x"]', '1h30m'],
    [withLogs({ at: [], run }), 'tests.0.logs.0.at = []', '1'],
    [withLogs({ run }), 'tests.0.logs.0 = {', 'either at, or every with to'],
    [withLogs({ every: '1m', run }), 'tests.0.logs.0 = {', 'either at, or every with to'],
    [withLogs({ at: '1m', every: '1m', to: '5m', run }), 'tests.0.logs.0 = {', 'either at, or every with to'],
    [withLogs({ at: '1m', to: '5m', run }), 'tests.0.logs.0 = {', 'either at, or every with to'],
    [withLogs({ every: '0s', to: '5m', run }), 'tests.0.logs.0.every = "0s"', 'longer than 0'],
    [withLogs({ every: '1m', from: '6m', to: '5m', run }), 'tests.0.logs.0 = {', 'from is after to'],
    [withLogs({ every: '1ms', to: '7d', run }), 'tests.0.logs.0 = {', '100,000 lines'],
    [withLogs({ at: '1m', count: 0, run }), 'tests.0.logs.0.count = 0', '1'],
    [withLogs({ at: '1m' }), 'tests.0.logs.0 = {', 'one of run, incident, rejected, dead_letter and stream'],
    [withLogs({ at: '1m', run, rejected: 'x' }), 'tests.0.logs.0 = {', 'one of run, incident'],
    [withLogs({ at: '1m', run: {} }), 'tests.0.logs.0.run.source = not set', 'string'],
    [withLogs({ at: '1m', run: { ...run, etat: 'OK' } }), 'tests.0.logs.0.run.etat = "OK"', 'FAILED'],
    [
      withLogs({ at: '1m', incident: { ...run, event: 'shut' } }),
      'tests.0.logs.0.incident.event = "shut"',
      'opened',
    ],
    [withLogs({ at: '1m', run, line: 'x' }), 'tests.0.logs.0 = {', 'line belongs to stream'],
    [withLogs({ at: '1m', stream: { job: 'x' } }), 'tests.0.logs.0 = {', 'line belongs to stream'],
    [withLogs({ at: '1m', stream: {}, line: 'x' }), 'tests.0.logs.0.stream = {}', 'at least one label'],
    [withLogs({ at: '1m', stream: { 'a b': 'x' }, line: 'x' }), 'tests.0.logs.0.stream = {', 'letters'],
    [withLogs({ at: '1m', stream: { job: 1 }, line: 'x' }), 'tests.0.logs.0.stream.job = 1', 'string'],
  ])('%j: one problem that names the key, its value and what is allowed', (input, place, allowed) => {
    const [problem, ...others] = problems(input)
    expect(others).toEqual([])
    expect(problem?.trim().startsWith(place)).toBe(true)
    expect(problem).toContain(allowed)
  })
})

describe('a file of rules', () => {
  test('is read as the ruler reads it, recording rules and keys that it does not need included', () => {
    const rules = [
      { record: 'x', expr: '1' },
      { alert: 'y', expr: '2', for: '90s', annotations: { a: 'b' } },
    ]
    expect(ruleFile.parse({ groups: [{ name: 'g', rules, limit: 3 }], namespace: 'n' }).groups).toMatchObject(
      [
        {
          interval: 60_000,
          rules: [
            { expr: '1', for: 0 },
            { alert: 'y', for: 90_000 },
          ],
        },
      ],
    )
  })

  test.each([
    [{ interval: '0s' }],
    [{ interval: '1 minute' }],
    [{ rules: [{ alert: 'x' }] }],
    [{ rules: undefined }],
  ])('%j is refused', (wrong) => {
    const group = { name: 'g', rules: [{ alert: 'x', expr: '1' }], ...wrong }
    expect(ruleFile.safeParse({ groups: [group] }).success).toBe(false)
  })
})
