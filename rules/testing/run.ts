import { type Alerts, evaluated, type Found } from '../../embedded/ruler/alert.ts'
import { type MetricExpr } from '../../logql/ast.ts'
import { LogqlError } from '../../logql/error.ts'
import { evaluateMetric, type MatrixSeries } from '../../logql/evaluate/metric.ts'
import { run } from '../../logql/evaluate/run.ts'
import { parseExpr } from '../../logql/parse/parse.ts'
import { NO_LABELS, type Source } from '../../logql/source.ts'
import { vigieError } from '../../service/errors.ts'
import { sourceOf } from './entries.ts'
import { type Expectation, type TestCase } from './file.ts'

/** One alert rule, ready to be evaluated. */
export type Rule = { alert: string; expr: string; forMs: number; everyMs: number }

export type AlertState = { labels: Record<string, string>; state: 'pending' | 'firing' }

/** What an expectation found: nothing when it holds. */
export type Mismatch = { atMs: number; alert: string; missing: AlertState[]; unexpected: AlertState[] }
export type TestResult = { name: string; mismatches: Mismatch[] }

/** A test whose every expectation says which alert it is about, and there are rules of that name. */
export type Test = Omit<TestCase, 'expect'> & { expect: (Expectation & { alert: string })[] }

/**
 * Runs one test over its own lines: the rules are evaluated from its start, each at its own interval, by the
 * language and with the states of the embedded store's ruler. Pure. Throws RULE_NOT_EVALUATED.
 */
export function runTest(rules: readonly Rule[], test: Test): TestResult {
  const startMs = Date.parse(test.start)
  const source = sourceOf(test.logs, startMs)
  const lastMs = Math.max(...test.expect.map(({ at }) => at))
  const names = new Set(test.expect.map(({ alert }) => alert))
  const histories = rules
    .filter(({ alert }) => names.has(alert))
    .map((rule) => ({ rule, states: historyOf(rule, source, startMs, lastMs) }))
  const mismatches = test.expect.flatMap((expected): Mismatch[] => {
    const { at: atMs, alert } = expected
    const states = histories
      .filter(({ rule }) => rule.alert === alert)
      .flatMap(({ rule, states: history }) => history[Math.floor(atMs / rule.everyMs)] ?? [])
    const { missing, unexpected } = compared(expected, states)
    return missing.length + unexpected.length === 0 ? [] : [{ atMs, alert, missing, unexpected }]
  })
  return { name: test.name, mismatches }
}

/** A rule's alerts after each of its evaluations, the first at the start of the test. */
function historyOf(rule: Rule, source: Source, startMs: number, lastMs: number): AlertState[][] {
  const { forMs, everyMs } = rule
  const count = Math.floor(lastMs / everyMs) + 1
  const found = Array.from({ length: count }, (): Found[] => [])
  for (const { labels, timesMs, values } of matrixOf(rule, source, startMs, startMs + lastMs))
    timesMs.forEach((timeMs, index) => {
      const value = values[index] ?? Number.NaN
      found[(timeMs - startMs) / everyMs]?.push({ labels, annotations: NO_LABELS, value })
    })
  let alerts: Alerts = new Map()
  return found.map((each, index) => {
    alerts = evaluated(alerts, each, forMs, startMs + index * everyMs)
    return [...alerts.values()].flatMap(({ labels, state }): AlertState[] =>
      state === 'resolved' ? [] : [{ labels: Object.fromEntries(labels), state }],
    )
  })
}

const NS_PER_MS = 1_000_000n

function matrixOf(
  { alert, expr, everyMs }: Rule,
  source: Source,
  startMs: number,
  endMs: number,
): readonly MatrixSeries[] {
  try {
    const when = {
      startNs: BigInt(startMs) * NS_PER_MS,
      endNs: BigInt(endMs) * NS_PER_MS,
      stepNs: BigInt(everyMs) * NS_PER_MS,
    }
    const result = run(evaluateMetric(metricOf(expr), source, when))
    return result.type === 'matrix' ? result.series : []
  } catch (error) {
    if (!(error instanceof LogqlError)) throw error
    throw vigieError('RULE_NOT_EVALUATED', { rule: `rule ${alert} (${expr})`, problem: error.message }, error)
  }
}

function metricOf(query: string): MetricExpr {
  const expr = parseExpr(query)
  if (expr.kind === 'log') throw new LogqlError('execution', 'It asks for lines, not for numbers.')
  return expr
}

const keyOf = ({ labels, state }: AlertState): string =>
  JSON.stringify([state, Object.entries(labels).sort()])

/** Those that are left of `all` when each of `others` has taken one that is like it. */
function without(all: readonly AlertState[], others: readonly AlertState[]): AlertState[] {
  const taken = others.map(keyOf)
  return all.filter((each) => {
    const place = taken.indexOf(keyOf(each))
    if (place >= 0) taken.splice(place, 1)
    return place < 0
  })
}

/**
 * What should be there and is not, and what is there and should not be. An alert that is there twice, since
 * two rules of its name answer with it, is one too many. Pure.
 */
export function compared(
  { firing, pending }: Pick<Expectation, 'firing' | 'pending'>,
  states: readonly AlertState[],
): { missing: AlertState[]; unexpected: AlertState[] } {
  const expected: AlertState[] = [
    ...firing.map((labels) => ({ labels, state: 'firing' as const })),
    ...pending.map((labels) => ({ labels, state: 'pending' as const })),
  ]
  return { missing: without(expected, states), unexpected: without(states, expected) }
}
