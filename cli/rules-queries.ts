import { panelQueries } from '../grafana/dashboards.ts'
import { asAsked } from '../grafana/query.ts'
import { duration, durationMs } from '../loki/logql.ts'
import { PACES } from '../rules/alert.ts'
import { alerts } from '../rules/alerts.ts'
import { type RepeatedQuery } from '../rules/cost.ts'
import { type Declaration } from '../rules/sources.ts'

/** Every alert's query, as often as it is evaluated. */
export const alertQueries = (declarations: readonly Declaration[]): RepeatedQuery[] =>
  alerts(declarations).map(({ id, share, query, pace }) => ({
    name: `alert ${id}${share === undefined ? '' : ` (${share})`}`,
    query,
    everySeconds: (durationMs(PACES[pace]) ?? 0) / 1_000,
  }))

/** Points of a panel as wide as half a screen. */
const PANEL_POINTS = 500

/** Every panel's query as an open dashboard asks it, which shows the last `rangeMs`. */
export const askedPanels = (
  declarations: readonly Declaration[],
  rangeMs: number,
  nowMs: number,
): RepeatedQuery[] =>
  panelQueries(declarations).map((panel) => {
    const points = panel.maxDataPoints ?? PANEL_POINTS
    const stepMs = Math.max(panel.intervalMs ?? 1_000, Math.ceil(rangeMs / points / 1_000) * 1_000)
    const span = { fromMs: nowMs - rangeMs, toMs: nowMs }
    const over = panel.kind === 'range' ? { ...span, stepMs } : span
    return {
      name: `${panel.dashboard}: ${panel.panel}`,
      query: asAsked(panel.expr, duration(rangeMs), duration(stepMs), nowMs),
      everySeconds: panel.refreshSeconds,
      ...(panel.kind === 'instant' ? {} : { over }),
    }
  })
