import { type KpiId } from '../rules/kpis.ts'
import { type Declaration } from '../rules/sources.ts'
import { type DashboardSource } from './dashboard.ts'
import { errorsAndSlas } from './dashboards/errors-slas.ts'
import { ingestionHealth } from './dashboards/ingestion-health.ts'
import { logsDebugging } from './dashboards/logs-debugging.ts'
import { performanceAndResources } from './dashboards/performance-resource.ts'
import { type Query } from './query.ts'

/** The four dashboards, for sources that declared these things. */
export const dashboards = (declarations: readonly Declaration[] = []): DashboardSource[] => [
  ingestionHealth(),
  errorsAndSlas(declarations),
  performanceAndResources(),
  logsDebugging(),
]

/** The id of the panel of a dashboard that shows a KPI: the first, if several do. Undefined when none does. */
export const panelOf = (uid: string, id: KpiId): number | undefined =>
  dashboards()
    .find((dashboard) => dashboard.uid === uid)
    ?.panels.find(({ kpis }) => kpis.includes(id))?.id

/** One query of a panel, with Grafana's macros and variables still in it. */
export type PanelQuery = Query & {
  dashboard: string
  panel: string
  panelId: number
  /** How often an open dashboard asks it. */
  refreshSeconds: number
  /** The least step of a query over time, and how many steps there may be, where the panel says so. */
  intervalMs?: number
  maxDataPoints?: number
}

/** All least steps are minutes. */
const stepMs = (interval: string): number => Number.parseInt(interval, 10) * 60_000
const REFRESH_SECONDS = { '1m': 60, '5m': 300 } as const

/** Every query of every panel. */
export const panelQueries = (declarations: readonly Declaration[] = []): PanelQuery[] =>
  dashboards(declarations).flatMap(({ uid, refresh, panels }) =>
    panels.flatMap(({ id, look, queries }) =>
      queries.map((query) => ({
        dashboard: uid,
        panel: look.title,
        panelId: id,
        refreshSeconds: REFRESH_SECONDS[refresh],
        ...(look.interval === undefined ? {} : { intervalMs: stepMs(look.interval) }),
        ...(look.maxDataPoints === undefined ? {} : { maxDataPoints: look.maxDataPoints }),
        ...query,
      })),
    ),
  )
