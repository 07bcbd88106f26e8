import { type MetricExpr } from '../../logql/ast.ts'
import { NO_LABELS } from '../../logql/source.ts'
import { type AlertContext, type Sample } from '../../logql/template/alert.ts'
import { reasonOf } from '../../service/errors.ts'
import { type Alerts, evaluated, type Found, keyOf } from './alert.ts'
import { type AlertRule, type AlertTemplate, type RuleGroup } from './rules.ts'

export type { Sample } from '../../logql/template/alert.ts'

/** What an evaluation asks. */
export type Questions = {
  /** The answer of a rule's expression at an instant (ms since 1970). Rejects with the cause. */
  ask: (expr: MetricExpr, atMs: number) => Promise<readonly Sample[]>
  /** What a template's `query` answers. Throws the cause. */
  askNow: (query: string, atMs: number) => readonly Sample[]
}

/** A rule with its alerts and how its last evaluation went. Times are ms since 1970. */
export type RuleState = {
  rule: AlertRule
  alerts: Alerts
  health: 'unknown' | 'ok' | 'err'
  lastError: string
  lastAtMs: number | undefined
  lastSeconds: number
  failures: number
}
export type GroupState = { group: RuleGroup; rules: readonly RuleState[] }

/** A group that was not evaluated yet. */
export const newGroup = (group: RuleGroup): GroupState => ({
  group,
  rules: group.rules.map((rule) => ({
    ...{ rule, alerts: new Map(), health: 'unknown', lastError: '' },
    ...{ lastAtMs: undefined, lastSeconds: 0, failures: 0 },
  })),
})

/**
 * Evaluates a rule once. One that fails keeps its alerts as they were, so that nobody is told that all is
 * well, and says why.
 */
export async function evaluateRule(
  state: RuleState,
  limit: number,
  questions: Questions,
  nowMs: number,
  clock: () => number = Date.now,
): Promise<RuleState> {
  const { rule } = state
  const startMs = clock()
  const ended = () => ({ lastAtMs: nowMs, lastSeconds: (clock() - startMs) / 1_000 })
  try {
    const samples = await questions.ask(rule.expr, nowMs)
    const found = foundBy(rule, samples, questions, nowMs)
    if (limit > 0 && found.length > limit)
      throw new Error(`exceeded limit of ${limit} with ${found.length} alerts`)
    const alerts = evaluated(state.alerts, found, rule.forMs, nowMs)
    return { ...state, ...ended(), alerts, health: 'ok', lastError: '' }
  } catch (error) {
    const failures = state.failures + 1
    return { ...state, ...ended(), health: 'err', lastError: reasonOf(error), failures }
  }
}

/** The alerts that samples make, with the rule's labels and annotations. Throws when two would have the same labels. */
function foundBy(rule: AlertRule, samples: readonly Sample[], { askNow }: Questions, nowMs: number): Found[] {
  const keys = new Set<string>()
  return samples.map(({ labels: own, value }) => {
    const context: AlertContext = {
      ...{ labels: own, value, externalLabels: NO_LABELS, externalUrl: '', timeSeconds: nowMs / 1_000 },
      query: (query) => askNow(query, nowMs),
    }
    const expand = (template: AlertTemplate) => expanded(template, context)
    const labels = new Map(own)
    for (const [name, template] of rule.labels) put(labels, name, expand(template))
    labels.set('alertname', rule.alert)
    const key = keyOf(labels)
    if (keys.has(key))
      throw new Error('vector contains metrics with the same labelset after applying alert labels')
    keys.add(key)
    const annotations = new Map([...rule.annotations].map(([name, template]) => [name, expand(template)]))
    return { labels, annotations, value }
  })
}

function put(labels: Map<string, string>, name: string, value: string): void {
  if (value === '') labels.delete(name)
  else labels.set(name, value)
}

/** A text that cannot be made says so in its place, as Prometheus does: the alert itself is not lost. */
function expanded(template: AlertTemplate, context: AlertContext): string {
  try {
    return template.expand(context)
  } catch (error) {
    return `<error expanding template: ${reasonOf(error)}>`
  }
}
