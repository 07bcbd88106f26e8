import { type Link } from './model.ts'

/** The dashboards' uids, which are also the names of their files. */
export const DASHBOARDS = [
  '1-ingestion-health',
  '2-errors-slas',
  '3-performance-resource',
  '4-logs-debugging',
] as const
export type DashboardId = (typeof DASHBOARDS)[number]

/** The tag by which the dashboards find each other. */
export const TAG = 'vigie'

/** A link to each of the four that keeps the time and what was chosen. */
export const betweenDashboards = {
  type: 'dashboards',
  title: 'Vigie',
  tags: [TAG],
  asDropdown: false,
  includeVars: true,
  keepTime: true,
  targetBlank: false,
  icon: 'external link',
  tooltip: '',
  url: '',
}

const FILTERS = ['source', 'entreprise', 'zone', 'etat'] as const
type Chosen = Partial<Record<(typeof FILTERS)[number], string>>

/** A link to the lines behind a number: the same time and filters, but for what is chosen here. */
export function toLogs(title: string, chosen: Chosen = {}): Link {
  const variables = FILTERS.map((name) =>
    chosen[name] === undefined ? `\${${name}:queryparam}` : `var-${name}=${chosen[name]}`,
  )
  const target: DashboardId = '4-logs-debugging'
  return { title, url: `/d/${target}?\${__url_time_range}&${variables.join('&')}` }
}

/** The label of the series, or the column of the row, on which the reader clicked. */
export const clickedLabel = (label: string): string => `\${__field.labels.${label}:percentencode}`
export const clickedColumn = (column: string): string => `\${__data.fields.${column}:percentencode}`
