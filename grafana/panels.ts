import { type Kpi, type KpiId, kpi } from '../rules/kpis.ts'
import { clickedColumn, clickedLabel, toLogs } from './links.ts'
import { descriptionOf, looks, outcomeOverrides } from './look.ts'
import { type Link, type Override } from './model.ts'
import { type PanelSource, type Place } from './panel.ts'
import { instant, overTime, type Query } from './query.ts'

type Position = { id: number; at: Place }
type Words = { title?: string; more?: readonly string[]; links?: readonly Link[] }

const allRuns = toLogs('The logs of these runs')

/** One number over the time shown. */
export function numberPanel(
  id: KpiId,
  { id: panel, at, title, more, links = [allRuns] }: Position & Words,
): PanelSource {
  const shown = kpi(id)
  return {
    id: panel,
    at,
    kpis: [id],
    queries: [instant(id)],
    look: {
      type: 'stat',
      title: title ?? shown.title,
      description: descriptionOf(shown, more),
      fieldConfig: { defaults: { ...looks(shown), links: [...links] }, overrides: [] },
      options: {
        reduceOptions: { values: false, calcs: ['lastNotNull'], fields: '' },
        colorMode: 'value',
        graphMode: 'none',
        justifyMode: 'center',
        orientation: 'auto',
        textMode: 'value',
      },
    },
  }
}

/** The columns of a table of one row a source. */
const SOURCE = 'Source'
const VALUE = 'Value'

/** One row a source, the largest value first (or the smallest), with its bar or its colour. */
export function rankingPanel(
  id: KpiId,
  {
    id: panel,
    at,
    title,
    more,
    query,
    isBar = false,
    first = 'largest',
    as,
  }: Position &
    Words & {
      query?: Query
      isBar?: boolean
      first?: 'largest' | 'smallest'
      /** What the query makes of the KPI, if it is no longer the KPI itself. */
      as?: Partial<Kpi>
    },
): PanelSource {
  const shown: Kpi = { ...kpi(id), ...as }
  const toRows = [
    { id: 'reduce', options: { reducers: ['lastNotNull'], mode: 'seriesToRows', labelsToFields: false } },
    {
      id: 'organize',
      options: { excludeByName: {}, indexByName: {}, renameByName: { Field: SOURCE, 'Last *': VALUE } },
    },
    { id: 'sortBy', options: { fields: {}, sort: [{ field: VALUE, desc: first === 'largest' }] } },
  ]
  return {
    id: panel,
    at,
    kpis: [id],
    queries: [query ?? instant(id)],
    look: {
      type: 'table',
      title: title ?? shown.title,
      description: descriptionOf(shown, more),
      transformations: toRows,
      fieldConfig: {
        defaults: {
          noValue: shown.whenEmpty,
          links: [toLogs('The logs of this source', { source: clickedColumn(SOURCE) })],
          custom: { align: 'left', displayMode: 'auto' },
        },
        overrides: [
          // Without a unit of its own, a name would be read as the number or the time that the value is.
          { matcher: { id: 'byName', options: SOURCE }, properties: [{ id: 'unit', value: 'string' }] },
          {
            matcher: { id: 'byName', options: VALUE },
            properties: [
              ...Object.entries(looks(shown)).map(([property, value]) => ({ id: property, value })),
              ...(isBar ? [{ id: 'min', value: 0 }] : []),
              // Grafana 9.5 and later read `displayMode` as the cell type of that name.
              { id: 'custom.displayMode', value: isBar ? 'basic' : 'color-text' },
            ],
          },
        ],
      },
      options: { showHeader: true, footer: { show: false, reducer: ['sum'], countRows: false, fields: '' } },
    },
  }
}

export type ChartStyle = {
  style: 'line' | 'points' | 'bars'
  stacked?: boolean
  interval: string
  maxDataPoints?: number
}

const custom = ({ style, stacked = false }: ChartStyle, hasLimits: boolean): Record<string, unknown> => ({
  drawStyle: style,
  lineInterpolation: 'linear',
  lineWidth: 1,
  fillOpacity: style === 'bars' ? 80 : 5,
  gradientMode: 'none',
  pointSize: 5,
  // A source that runs once an hour is a point, which a line alone would not show.
  showPoints: style === 'bars' ? 'never' : 'always',
  spanNulls: false,
  barAlignment: -1,
  stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
  axisPlacement: 'auto',
  axisLabel: '',
  scaleDistribution: { type: 'linear' },
  hideFrom: { legend: false, tooltip: false, viz: false },
  thresholdsStyle: { mode: hasLimits ? 'line' : 'off' },
})

/** Numbers over time, with their limits drawn. The first KPI gives unit, limits and words. */
export function chartPanel(
  ids: readonly [KpiId, ...KpiId[]],
  {
    id: panel,
    at,
    title,
    more,
    chart,
    queries,
  }: Position & Words & { chart: ChartStyle; queries?: readonly Query[] },
): PanelSource {
  const shown = kpi(ids[0])
  const { unit, decimals, noValue, thresholds } = looks(shown)
  const hasLimits = (thresholds?.steps.length ?? 0) > 1
  const by = shown.by
  const link =
    by === undefined
      ? allRuns
      : toLogs('The logs of these runs', { [by === 'etat' ? 'etat' : 'source']: clickedLabel(by) })
  const overrides: Override[] = by === 'etat' ? outcomeOverrides : []
  return {
    id: panel,
    at,
    kpis: ids,
    queries: queries ?? ids.map((id) => overTime(id)),
    look: {
      type: 'timeseries',
      title: title ?? shown.title,
      description: descriptionOf(shown, [...ids.slice(1).map((id) => kpi(id).about), ...(more ?? [])]),
      interval: chart.interval,
      ...(chart.maxDataPoints === undefined ? {} : { maxDataPoints: chart.maxDataPoints }),
      fieldConfig: {
        defaults: {
          ...(unit === undefined ? {} : { unit }),
          ...(decimals === undefined ? {} : { decimals }),
          ...(noValue === undefined ? {} : { noValue }),
          ...(thresholds === undefined ? {} : { thresholds }),
          min: 0,
          color: { mode: 'palette-classic' },
          custom: custom(chart, hasLimits),
          links: [link],
        },
        overrides,
      },
      options: {
        legend: {
          displayMode: 'table',
          placement: 'bottom',
          showLegend: true,
          calcs: ['lastNotNull', 'max'],
        },
        tooltip: { mode: 'multi', sort: 'desc' },
      },
    },
  }
}
