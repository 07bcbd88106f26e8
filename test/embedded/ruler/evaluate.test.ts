import { describe, expect, test } from '@jest/globals'
import {
  evaluateRule,
  newGroup,
  type Questions,
  type RuleState,
  type Sample,
} from '../../../embedded/ruler/evaluate.ts'
import { readRules } from '../../../embedded/ruler/rules.ts'

const RULES = `
groups:
  - name: ingestion
    interval: 5s
    limit: 2
    rules:
      - alert: failed
        expr: sum by (source) (count_over_time({job="x"}[5m])) > 0
        for: 1m
        labels: { severity: page, zone: "{{ $labels.zone }}", twice: "{{ $labels.source }}-{{ $value }}" }
        annotations:
          summary: '{{ $labels.source }} failed {{ printf "%.0f" $value }} times'
          last: '{{ with query (printf "q{source=%q}" $labels.source) }}{{ . | first | label "text" }}{{ end }}'
          broken: '{{ $labels.source | toTime }}'
`

const sample = (source: string, value = 1): Sample => ({ labels: new Map([['source', source]]), value })
const questions = (samples: readonly Sample[], asked: string[] = []): Questions => ({
  ask: async () => samples,
  askNow(query) {
    asked.push(query)
    return [{ labels: new Map([['text', 'disk full']]), value: 1 }]
  },
})
const failing = (message: string): Questions => ({
  ask: () => Promise.reject(new Error(message)),
  askNow: () => [],
})
const newRule = (): RuleState => {
  const [group] = readRules('rules.yaml', RULES, 60_000)
  const [rule] = group === undefined ? [] : newGroup(group).rules
  if (rule === undefined) throw new Error('no rule')
  return rule
}
const alertsOf = ({ alerts }: RuleState) => [...alerts.values()]

describe('the evaluation of a rule', () => {
  test('makes an alert of each series, with the labels and annotations of the rule', async () => {
    const asked: string[] = []
    const { alerts, health, lastError } = await evaluateRule(
      newRule(),
      0,
      questions([sample('crm', 3)], asked),
      0,
    )
    expect({ health, lastError }).toEqual({ health: 'ok', lastError: '' })
    const [alert] = alerts.values()
    expect(Object.fromEntries(alert?.labels ?? [])).toEqual({
      alertname: 'failed',
      source: 'crm',
      severity: 'page',
      // A label whose template gives nothing is none: there is no `zone`.
      twice: 'crm-3',
    })
    const annotations = Object.fromEntries(alert?.annotations ?? [])
    expect(annotations).toMatchObject({ summary: 'crm failed 3 times', last: 'disk full' })
    expect(asked).toEqual(['q{source="crm"}'])
  })

  test('a template that cannot be executed says so in its place, and the alert is not lost', async () => {
    const [alert] = alertsOf(await evaluateRule(newRule(), 0, questions([sample('crm')]), 0))
    expect(alert?.annotations.get('broken')).toMatch(
      /^<error expanding template: error executing template .*>$/,
    )
  })

  test('one that fails keeps its alerts, and says why until it works again', async () => {
    const first = await evaluateRule(newRule(), 0, questions([sample('crm')]), 0)
    const second = await evaluateRule(first, 0, failing('too many series'), 5_000)
    expect(second).toMatchObject({
      health: 'err',
      lastError: 'too many series',
      failures: 1,
      lastAtMs: 5_000,
    })
    expect(second.alerts).toEqual(first.alerts)
    const third = await evaluateRule(second, 0, questions([sample('crm')]), 60_000)
    expect(third).toMatchObject({ health: 'ok', lastError: '', failures: 1 })
    expect(alertsOf(third).map(({ state }) => state)).toEqual(['firing'])
  })

  test('more alerts than the group allows are an error', async () => {
    const three = questions(['a', 'b', 'c'].map((source) => sample(source)))
    expect(await evaluateRule(newRule(), 2, three, 0)).toMatchObject({
      health: 'err',
      lastError: 'exceeded limit of 2 with 3 alerts',
    })
    expect(await evaluateRule(newRule(), 3, three, 0)).toMatchObject({ health: 'ok' })
  })

  test('two series that the labels of the rule make the same are an error', async () => {
    const twins = questions([
      { labels: new Map([['alertname', 'a']]), value: 1 },
      { labels: new Map([['alertname', 'b']]), value: 1 },
    ])
    const { health, lastError } = await evaluateRule(newRule(), 0, twins, 0)
    expect({ health, lastError }).toEqual({
      health: 'err',
      lastError: 'vector contains metrics with the same labelset after applying alert labels',
    })
  })
})

describe('files of rules', () => {
  test('the interval, the wait and the limit of a group', () => {
    const [group] = readRules('rules.yaml', RULES, 60_000)
    expect(group).toMatchObject({ file: 'rules.yaml', name: 'ingestion', intervalMs: 5_000, limit: 2 })
    expect(group?.rules[0]).toMatchObject({ alert: 'failed', forMs: 60_000 })
    const [byDefault] = readRules('x', 'groups: [{ name: a, rules: [] }]', 60_000)
    expect(byDefault).toMatchObject({ intervalMs: 60_000, limit: 0 })
  })

  test('rules that record are named, and leave those that alert alone', () => {
    const rules = '[{ record: r, expr: vector(1) }, { alert: a, expr: vector(1) }]'
    const [group] = readRules('x', `groups: [{ name: a, rules: ${rules} }]`, 60_000)
    expect(group?.recorded).toEqual(['r'])
    expect(group?.rules.map(({ alert }) => alert)).toEqual(['a'])
  })

  const withRule = (rule: string) => `groups: [{ name: a, rules: [{ ${rule} }] }]`
  test.each([
    ['no YAML', 'groups: [', /The rules in mine\.yaml are wrong: /],
    ['an unknown key', withRule('alert: a, expr: vector(1), fore: 1m'), /groups\.0\.rules\.0.*fore/],
    ['a rule without a name', withRule('expr: vector(1)'), /groups\.0\.rules\.0\.alert: /],
    ['LogQL that is none', withRule('alert: a, expr: "sum("'), /rule a: parse error at line 1, col 5/],
    ['a query for lines', withRule(`alert: a, expr: '{job="x"}'`), /rule a: the expression asks for lines/],
    [
      'a broken template',
      withRule(`alert: a, expr: vector(1), annotations: { s: '{{ if }}' }`),
      /rule a: .*template/,
    ],
    [
      'a duration that is none',
      withRule('alert: a, expr: vector(1), for: soon'),
      /for: a duration such as 90s/,
    ],
  ])('%s: refused, with the place and the cause', (_, text, message) => {
    expect(() => readRules('mine.yaml', text, 60_000)).toThrow(message)
  })
})
