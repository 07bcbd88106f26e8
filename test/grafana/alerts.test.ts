import { describe, expect, test } from '@jest/globals'
import { ruleGroups, ruleUid } from '../../grafana/alerts.ts'
import { dashboards } from '../../grafana/dashboards.ts'
import { ALERT_FILES } from '../../rules/alert.ts'
import { alerts } from '../../rules/alerts.ts'
import { type Declaration } from '../../rules/sources.ts'

const DECLARED: Declaration[] = [
  { match: 'crm-*', every: 3_600_000, slo: 0.995, limits: { duration_s: 30, memory_mb: 500, cpu_s: 10 } },
  { match: 'data-lake', cron: '0 6 * * 1-5', timezone: 'Europe/Paris' },
]
const groups = (declarations: readonly Declaration[] = []) => {
  const all = alerts(declarations)
  return ALERT_FILES.flatMap((file) => ruleGroups(file, all, 'docs/runbooks'))
}
const rules = (declarations: readonly Declaration[] = []) =>
  groups(declarations).flatMap((group) => group.rules)
const undeclared = rules()
const rule = (uid: string) => {
  const found = undeclared.find((each) => each.uid === uid)
  if (found === undefined) throw new Error(`no rule ${uid}`)
  return found
}

describe.each([
  ['nobody', []],
  ['somebody', DECLARED],
])('rules when %s declared something', (_, declarations) => {
  test('are as many as the alerts of the catalogue', () => {
    expect(rules(declarations)).toHaveLength(alerts(declarations).length)
  })

  test('have uids and titles of their own, as Grafana allows them', () => {
    const all = rules(declarations)
    expect(new Set(all.map(({ uid }) => uid)).size).toBe(all.length)
    expect(new Set(all.map(({ title }) => title)).size).toBe(all.length)
    for (const { uid } of all) expect(uid).toMatch(/^[a-zA-Z0-9\-_]{1,40}$/)
  })

  test('are evaluated at multiples of ten seconds', () => {
    for (const { interval } of groups(declarations)) expect(Number.parseInt(interval, 10) % 10).toBe(0)
    expect(groups(declarations).map(({ interval }) => interval)).toContain('10s')
  })

  test('leave no placeholder of the catalogue', () => {
    for (const { annotations } of rules(declarations))
      for (const text of Object.values(annotations)) expect(text).not.toMatch(/(?<!\{)\{\w+\}(?!\})/)
  })

  test('point to a panel that is there', () => {
    for (const { annotations } of rules(declarations)) {
      const dashboard = dashboards().find(({ uid }) => uid === annotations.__dashboardUid__)
      expect(dashboard?.panels.map(({ id }) => String(id))).toContain(annotations.__panelId__)
    }
  })
})

test('a rule in full', () => {
  expect(rule('7-volume-en-baisse')).toMatchObject({
    title: 'Fewer runs than usual',
    condition: 'C',
    for: '15m',
    noDataState: 'OK',
    execErrState: 'Error',
    data: [
      {
        refId: 'A',
        queryType: 'instant',
        datasourceUid: 'Loki',
        model: { expr: alerts().find(({ id }) => id === '7-volume-en-baisse')?.query, queryType: 'instant' },
      },
      { refId: 'B', datasourceUid: '__expr__', model: { type: 'reduce', expression: 'A', reducer: 'last' } },
      {
        refId: 'C',
        datasourceUid: '__expr__',
        model: {
          type: 'threshold',
          expression: 'B',
          conditions: [{ evaluator: { type: 'lt', params: [0.5] } }],
        },
      },
    ],
    labels: { severity: 'warning' },
    annotations: {
      summary: '{{ printf "%.1f" .Values.B.Value }} times the usual number of runs',
      runbook_url: 'docs/runbooks/7-volume-anormal.md',
      __dashboardUid__: '3-performance-resource',
    },
  })
})

test('an alert about a source leads to its logs, the others to what failed', () => {
  expect(rule('1-echec-detecte').annotations.logs).toContain('var-source={{ urlquery .Labels.source }}')
  expect(rule('2-taux-echec-eleve').annotations.logs).toContain('var-etat=FAILED')
})

test('a uid stays the same for the same sources, and differs for others', () => {
  const uid = ruleUid({ id: '5-surconsommation-memoire', share: 'crm-*' })
  expect(uid).toBe('5-surconsommation-memoire-de9197d3')
  expect(ruleUid({ id: '5-surconsommation-memoire', share: 'crm' })).not.toBe(uid)
})
