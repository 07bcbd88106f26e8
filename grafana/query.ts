import { JOB, LABEL_FIELDS } from '../log/names.ts'
import { selecting } from '../rules/expressions.ts'
import { type KpiId, kpi } from '../rules/kpis.ts'

/** A query of a panel, with Grafana's macros and variables in it. */
export type Query = {
  kind: 'instant' | 'range' | 'logs'
  expr: string
  /** The name of each of its series, from labels: `{{source}}`. */
  legend?: string
  maxLines?: number
}

const filters = (labels: readonly string[]): string[] => labels.map((label) => `${label}=~"$${label}"`)
const [STATE_FIELD, ...SOURCE_FIELDS] = LABEL_FIELDS

/** What the reader chose at the top of a dashboard, but for the outcome of runs. */
export const SOURCE_FILTERS: readonly string[] = filters(SOURCE_FIELDS)
/** All that the reader chose. */
export const ALL_FILTERS: readonly string[] = filters([STATE_FIELD, ...SOURCE_FIELDS])

/**
 * The KPIs that follow the filter by outcome too. The others are about outcomes, or about the last run
 * whatever became of it: filtered to FAILED they would all be 100 % alarming, and wrong.
 */
const OF_RUNS: ReadonlySet<KpiId> = new Set([
  'p50DurationSeconds',
  'p95DurationSeconds',
  'p99DurationSeconds',
  'p95DurationBySource',
  'runsBySource',
  'runsByState',
  'p95CpuSeconds',
  'maxCpuSeconds',
  'p95MemoryMb',
  'maxMemoryMb',
])
const filtersOf = (id: KpiId): readonly string[] => (OF_RUNS.has(id) ? ALL_FILTERS : SOURCE_FILTERS)

/** A KPI over everything that the dashboard shows, or over a window of its own, asked at its end. */
export function instant(id: KpiId, window = '$__range'): Query {
  const { query, by } = kpi(id)
  return {
    kind: 'instant',
    expr: query({ window, matchers: filtersOf(id) }),
    ...(by === undefined ? {} : { legend: `{{${by}}}` }),
  }
}

/**
 * A KPI over time: each point looks at the step that ends there, so each run counts once. Grafana has
 * `$__auto` for this since 10.2 only; with `$__interval` it works in 9.4 as well.
 */
export function overTime(
  id: KpiId,
  { legend, window = '$__interval' }: { legend?: string; window?: string } = {},
): Query {
  const { query, by, title } = kpi(id)
  return {
    kind: 'range',
    expr: query({ window, matchers: filtersOf(id) }),
    legend: legend ?? (by === undefined ? title : `{{${by}}}`),
  }
}

/** The lines of runs, the newest first; `more` goes on after the selector. */
export const runLines = (matchers: readonly string[], maxLines: number, more = ''): Query => ({
  kind: 'logs',
  expr: `${selecting(JOB.logs, matchers)}${more}`,
  maxLines,
})

/** The events of incidents, the newest first. */
export const incidentLines = (maxLines: number): Query => ({
  kind: 'logs',
  expr: selecting(JOB.incidents, SOURCE_FILTERS),
  maxLines,
})

/**
 * A panel's query as Loki gets it when everything is chosen and nothing searched: over `window` (a LogQL
 * duration) before `toMs`, in steps of `step`. For whoever asks it without Grafana.
 */
export const asAsked = (expr: string, window: string, step: string, toMs: number): string =>
  expr
    .replaceAll('$__range', window)
    .replaceAll('$__interval', step)
    .replaceAll(`\${__to}`, String(toMs))
    .replace(/=~"\$\w+"/g, '=~".*"')
    .replace(/\$\{\w+:raw\}/g, '')
