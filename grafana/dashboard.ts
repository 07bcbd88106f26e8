import { annotations } from './annotations.ts'
import { betweenDashboards, type DashboardId, TAG } from './links.ts'
import { type Dashboard, SCHEMA_VERSION, type TextVariable } from './model.ts'
import { type PanelSource, panelJson } from './panel.ts'
import { choices } from './variables.ts'

/** A dashboard before it is written as JSON. */
export type DashboardSource = {
  uid: DashboardId
  title: string
  description: string
  /** How often it asks again: what one round costs decides. */
  refresh: '1m' | '5m'
  variables?: readonly TextVariable[]
  panels: readonly PanelSource[]
}

export const dashboardJson = ({
  uid,
  title,
  description,
  refresh,
  variables = [],
  panels,
}: DashboardSource): Dashboard => ({
  uid,
  title,
  description,
  tags: [TAG],
  schemaVersion: SCHEMA_VERSION,
  version: 1,
  editable: false,
  graphTooltip: 1,
  timezone: 'browser',
  refresh,
  time: { from: 'now-24h', to: 'now' },
  timepicker: {},
  templating: { list: [...choices, ...variables] },
  annotations: { list: annotations },
  links: [betweenDashboards],
  panels: panels.map(panelJson),
})
