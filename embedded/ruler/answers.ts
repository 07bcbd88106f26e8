import { type Alert } from './alert.ts'
import { type GroupState, type RuleState } from './evaluate.ts'
import { type AlertTemplate } from './rules.ts'

const time = (ms: number | undefined): string =>
  ms === undefined ? '0001-01-01T00:00:00Z' : new Date(ms).toISOString()

/** Prometheus writes numbers so: the shortest digits that read back the same. */
const value = (number: number): string => number.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')

const alertAnswer = ({ labels, annotations, state, activeAtMs, value: number }: Alert) => ({
  labels: Object.fromEntries(labels),
  annotations: Object.fromEntries(annotations),
  state,
  activeAt: time(activeAtMs),
  value: value(number),
})

const texts = (templates: ReadonlyMap<string, AlertTemplate>): Record<string, string> =>
  Object.fromEntries([...templates].map(([name, { text }]) => [name, text]))

const activeOf = ({ alerts }: RuleState): Alert[] =>
  [...alerts.values()].filter(({ state }) => state !== 'resolved')

const stateOf = (active: readonly Alert[]): 'firing' | 'pending' | 'inactive' =>
  active.some(({ state }) => state === 'firing') ? 'firing' : active.length > 0 ? 'pending' : 'inactive'

function ruleAnswer(state: RuleState) {
  const { rule, health, lastError, lastAtMs, lastSeconds } = state
  const active = activeOf(state)
  return {
    state: stateOf(active),
    name: rule.alert,
    query: rule.query,
    duration: rule.forMs / 1_000,
    labels: texts(rule.labels),
    annotations: texts(rule.annotations),
    alerts: active.map(alertAnswer),
    health,
    lastError,
    type: 'alerting',
    lastEvaluation: time(lastAtMs),
    evaluationTime: lastSeconds,
  }
}

/** The `data` of GET /prometheus/api/v1/rules. Pure. */
export const rulesAnswer = (groups: readonly GroupState[]) => ({
  groups: groups.map(({ group, rules }) => ({
    name: group.name,
    file: group.file,
    rules: rules.map(ruleAnswer),
    interval: group.intervalMs / 1_000,
    limit: group.limit,
    lastEvaluation: time(rules.at(-1)?.lastAtMs),
    evaluationTime: rules.reduce((sum, { lastSeconds }) => sum + lastSeconds, 0),
  })),
})

/** The `data` of GET /prometheus/api/v1/alerts. Pure. */
export const alertsAnswer = (groups: readonly GroupState[]) => ({
  alerts: groups.flatMap(({ rules }) => rules.flatMap((rule) => activeOf(rule).map(alertAnswer))),
})

/** GET /loki/api/v1/rules: the groups of each file, as they are written. Pure. */
export function namespacesAnswer(groups: readonly GroupState[]): Record<string, unknown[]> {
  const namespaces = new Map<string, unknown[]>()
  for (const { group, rules } of groups) {
    const written = {
      name: group.name,
      interval: `${group.intervalMs / 1_000}s`,
      rules: rules.map(({ rule }) => ({
        alert: rule.alert,
        expr: rule.query,
        for: `${rule.forMs / 1_000}s`,
        labels: texts(rule.labels),
        annotations: texts(rule.annotations),
      })),
    }
    namespaces.set(group.file, [...(namespaces.get(group.file) ?? []), written])
  }
  return Object.fromEntries(namespaces)
}
