import { describe, expect, test } from '@jest/globals'
import { dashboardJson } from '../../grafana/dashboard.ts'
import { dashboards, panelQueries } from '../../grafana/dashboards.ts'
import { stepsOf } from '../../grafana/look.ts'
import { type FieldConfig, type Panel } from '../../grafana/model.ts'
import { kpi } from '../../rules/kpis.ts'
import { type Declaration } from '../../rules/sources.ts'

const all = dashboards().map(dashboardJson)
const panels = all.flatMap((dashboard) => dashboard.panels.map((panel) => ({ dashboard, panel })))

/** Panels and transformations that Grafana brings along, from 9.4 to 12, and that are not deprecated. */
const PANEL_TYPES = ['stat', 'timeseries', 'table', 'logs']
const TRANSFORMATIONS = [
  'extractFields',
  'filterFieldsByName',
  'convertFieldType',
  'organize',
  'reduce',
  'sortBy',
]

/** How the values of a panel look: in a table of sources, what is set for their column. */
const looksOf = ({ fieldConfig: { defaults, overrides } }: Panel): FieldConfig => {
  const column = overrides.find(({ matcher }) => matcher.options === 'Value')?.properties ?? []
  return { ...defaults, ...Object.fromEntries(column.map(({ id, value }) => [id, value])) }
}

const overlap = (a: Panel['gridPos'], b: Panel['gridPos']): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h

describe.each(all.map((dashboard) => [dashboard.uid, dashboard] as const))('%s', (_, dashboard) => {
  test('has panels with ids of their own', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
  })

  test('has panels inside the grid that do not overlap', () => {
    for (const [index, { gridPos }] of dashboard.panels.entries()) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
      for (const other of dashboard.panels.slice(index + 1))
        expect(overlap(gridPos, other.gridPos)).toBe(false)
    }
  })

  test('offers the four choices, all of them at first', () => {
    const choices = dashboard.templating.list.filter(({ type }) => type === 'query')
    expect(choices.map(({ name }) => name)).toEqual(['source', 'entreprise', 'zone', 'etat'])
    for (const choice of choices)
      expect(choice).toMatchObject({
        multi: true,
        includeAll: true,
        allValue: '.*',
        current: { value: ['$__all'] },
        query: { type: 1, stream: '{job="kafka-logs"}', label: choice.name },
      })
  })

  test('leads to the others, with time and choices', () => {
    expect(dashboard.links).toEqual([
      expect.objectContaining({ tags: dashboard.tags, keepTime: true, includeVars: true }),
    ])
  })

  test('marks alerts and incidents', () => {
    expect(dashboard.annotations.list.map(({ name }) => name)).toEqual([
      'Alerts',
      'Incidents opened',
      'Incidents resolved',
    ])
  })

  test('is of the form that Grafana 9.4 reads', () => {
    expect(dashboard).toMatchObject({ schemaVersion: 37, timezone: 'browser' })
  })
})

test('uids and titles are unique; the first dashboard has exactly the eight panels', () => {
  expect(all.map(({ uid }) => uid)).toEqual([
    '1-ingestion-health',
    '2-errors-slas',
    '3-performance-resource',
    '4-logs-debugging',
  ])
  expect(new Set(all.map(({ title }) => title)).size).toBe(4)
  expect(all[0]?.panels.map(({ title }) => title)).toEqual([
    'Successes',
    'Failures',
    'Failure rate',
    'p95 duration',
    'Max memory',
    'SUCCESS and FAILED over time',
    'Top sources by performance (p95 duration)',
    'Last errors',
  ])
})

describe.each(panels.map(({ dashboard, panel }) => [`${dashboard.uid}: ${panel.title}`, panel] as const))(
  '%s',
  (_, panel) => {
    test('is of a known type and asks Loki', () => {
      expect(PANEL_TYPES).toContain(panel.type)
      for (const { id } of panel.transformations ?? []) expect(TRANSFORMATIONS).toContain(id)
      expect(panel.datasource).toEqual({ type: 'loki', uid: 'Loki' })
      expect(panel.targets.length).toBeGreaterThan(0)
      for (const { datasource } of panel.targets) expect(datasource.uid).toBe('Loki')
      expect(new Set(panel.targets.map(({ refId }) => refId)).size).toBe(panel.targets.length)
    })

    test('says what it is, and what it means to show nothing', () => {
      expect(panel.description.length).toBeGreaterThan(60)
      const { noValue } = panel.fieldConfig.defaults
      expect(noValue).toMatch(/^no|^none/)
      expect(panel.description).toContain(noValue)
    })

    test('is never green without data', () => {
      const { mappings, color, thresholds } = looksOf(panel)
      if (color?.mode !== 'thresholds' || thresholds?.steps[0]?.color === 'text') return
      expect(mappings).toContainEqual(
        expect.objectContaining({
          options: expect.objectContaining({
            match: 'null+nan',
            result: expect.objectContaining({ color: 'text' }),
          }),
        }),
      )
    })

    test('takes no name for a number', () => {
      const column = panel.fieldConfig.overrides.find(({ matcher }) => matcher.options === 'Source')
      if (panel.type === 'table') expect(column?.properties).toContainEqual({ id: 'unit', value: 'string' })
    })

    test('uses no macro that Grafana 9.4 does not know', () => {
      for (const { expr, queryType } of panel.targets) {
        expect(expr).not.toContain('$__auto')
        expect(expr).not.toContain('$__rate_interval')
        expect(expr.includes('$__interval')).toBe(
          queryType === 'range' && expr.includes('_over_time') && !expr.includes('[5m]'),
        )
      }
    })

    test('draws the limits of what it shows', () => {
      const steps = looksOf(panel).thresholds?.steps ?? []
      if (panel.type === 'timeseries' && steps.length > 1)
        expect(panel.fieldConfig.defaults.custom).toMatchObject({ thresholdsStyle: { mode: 'line' } })
      for (const [index, { value }] of steps.entries())
        expect(
          value === null ? index === 0 : value > (steps[index - 1]?.value ?? Number.NEGATIVE_INFINITY),
        ).toBe(true)
    })
  },
)

test('bands go from good to bad in the direction of the KPI', () => {
  expect(stepsOf(kpi('failureRate'))).toEqual([
    { color: 'green', value: null },
    { color: 'orange', value: 0.02 },
    { color: 'red', value: 0.1 },
  ])
  expect(stepsOf(kpi('availabilityBySource'))).toEqual([
    { color: 'orange', value: null },
    { color: 'green', value: 0.98 },
  ])
  expect(
    stepsOf({
      ...kpi('availabilityBySource'),
      warning: { value: 0.98, origin: '' },
      critical: { value: 0.9, origin: '' },
    }),
  ).toEqual([
    { color: 'red', value: null },
    { color: 'orange', value: 0.9 },
    { color: 'green', value: 0.98 },
  ])
  expect(stepsOf(kpi('successes'))).toEqual([{ color: 'text', value: null }])
})

test('FAILED is red and SUCCESS is green, wherever they are drawn', () => {
  const timeline = panels.find(({ panel }) => panel.title === 'SUCCESS and FAILED over time')?.panel
  expect(timeline?.fieldConfig.overrides).toEqual([
    expect.objectContaining({
      matcher: { id: 'byName', options: 'SUCCESS' },
      properties: [{ id: 'color', value: { mode: 'fixed', fixedColor: 'green' } }],
    }),
    expect.objectContaining({
      matcher: { id: 'byName', options: 'FAILED' },
      properties: [{ id: 'color', value: { mode: 'fixed', fixedColor: 'red' } }],
    }),
  ])
})

test('links from a number lead to its lines and keep time and choices', () => {
  const link = (dashboard: string, title: string) =>
    panels.find(({ dashboard: { uid }, panel }) => uid === dashboard && panel.title === title)?.panel
      .fieldConfig.defaults.links?.[0]?.url
  expect(link('1-ingestion-health', 'Failures')).toBe(
    '/d/4-logs-debugging?${__url_time_range}&${source:queryparam}&${entreprise:queryparam}&${zone:queryparam}&var-etat=FAILED',
  )
  expect(link('2-errors-slas', 'Failure rate by source')).toContain(
    '&var-source=${__data.fields.Source:percentencode}&',
  )
  expect(link('3-performance-resource', 'p95 duration by source')).toContain(
    '&var-source=${__field.labels.source:percentencode}&',
  )
  expect(link('1-ingestion-health', 'SUCCESS and FAILED over time')).toContain(
    '&var-etat=${__field.labels.etat:percentencode}',
  )
})

describe('what sources declared', () => {
  const declared: Declaration[] = [{ match: 'lake', every: 86_400_000, slo: 0.999 }]
  const queryOf = (title: string, declarations: Declaration[]) =>
    panelQueries(declarations).find(({ panel }) => panel.startsWith(title))?.expr ?? ''

  test('has its own patience in the freshness', () => {
    expect(queryOf('Freshness', [])).toMatch(/ \/ 4500000$/)
    expect(queryOf('Freshness', declared)).toMatch(
      /source=~"lake"\}.* \/ 87300000 or .*source!~"lake".* \/ 4500000$/,
    )
  })

  test('has its own objective in the budget', () => {
    expect(queryOf('Error budget burn', [])).toBe(
      kpi('errorBudgetBurn').query({
        window: '$__range',
        matchers: ['source=~"$source"', 'entreprise=~"$entreprise"', 'zone=~"$zone"'],
      }),
    )
    expect(queryOf('Error budget burn', declared)).toMatch(/source=~"lake".*\* 20 or .*source!~"lake"/)
  })
})
