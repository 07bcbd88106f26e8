import { duration } from '../loki/logql.ts'
import { knownMs, longest } from '../rules/alerts/silence.ts'
import { DEFAULT_PATIENCE, patienceOf } from '../rules/cadence.ts'
import { kpi } from '../rules/kpis.ts'
import { type Declaration, shares } from '../rules/sources.ts'
import { DEFAULT_SLO } from '../rules/thresholds.ts'
import { withoutDollar } from './dollar.ts'
import { type Query, SOURCE_FILTERS } from './query.ts'

const BY_SOURCE = '{{source}}'

/**
 * How long each source has been silent, out of the time that it may be: above 1 it is late. LogQL does
 * not know what time it is; Grafana does, so the end of the time shown is written into the query.
 */
export function lateness(declarations: readonly Declaration[]): Query {
  const { query } = kpi('lastRunBySource')
  const terms = shares(declarations, patienceOf, DEFAULT_PATIENCE).map(({ value: patience, matchers }) => {
    const last = query({
      window: duration(knownMs(patience)),
      matchers: [...SOURCE_FILTERS, ...matchers.map(withoutDollar)],
    })
    return `(\${__to} - ${last}) / ${longest(patience)}`
  })
  return { kind: 'instant', expr: terms.join(' or '), legend: BY_SOURCE }
}

/** How many times too fast each source uses up its error budget, by its own objective where it declared one. */
export function budgetBurn(declarations: readonly Declaration[]): Query {
  const { query } = kpi('errorBudgetBurn')
  const terms = shares(declarations, ({ slo }) => slo, DEFAULT_SLO).map(({ value: slo, matchers }) => {
    const burn = query({ window: '$__range', matchers: [...SOURCE_FILTERS, ...matchers.map(withoutDollar)] })
    const scale = Number(((1 - DEFAULT_SLO) / (1 - slo)).toFixed(6))
    return scale === 1 ? burn : `(${burn}) * ${scale}`
  })
  return { kind: 'instant', expr: terms.join(' or '), legend: BY_SOURCE }
}
