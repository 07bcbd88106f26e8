import { randomUUID } from 'node:crypto'
import { type LokiSettings } from '../../loki/config.ts'
import { OUTCOMES } from '../../loki/outcome.ts'
import { encoded, push } from '../../loki/push.ts'
import { queryRange } from '../../loki/query.ts'
import { vigieError } from '../../service/errors.ts'
import { ask } from '../ask.ts'
import { streamsOf } from './entries.ts'
import { type Expectation, type TestCase } from './file.ts'
import { type Activity, type AlertState, statesAt } from './simulate.ts'

/** One alert rule, ready to be evaluated. */
export type Rule = { alert: string; expr: string; forMs: number; everyMs: number }

/** What an expectation found: nothing when it holds. */
export type Mismatch = { atMs: number; alert: string; missing: AlertState[]; unexpected: AlertState[] }
export type TestResult = { name: string; mismatches: Mismatch[] }

const PUSH_TIMEOUT_MS = 30_000

/** A test whose every expectation says which alert it is about, and there are rules of that name. */
export type Test = Omit<TestCase, 'expect'> & { expect: (Expectation & { alert: string })[] }

/**
 * Runs one test on a real Loki that knows tenants: the test's lines go to a tenant of their own. Throws
 * RULE_NOT_EVALUATED, TEST_LINES_REFUSED and LOKI_* errors.
 */
export async function runTest(loki: LokiSettings, rules: readonly Rule[], test: Test): Promise<TestResult> {
  const tenant: LokiSettings = { ...loki, LOKI_TENANT_ID: `test-${randomUUID()}` }
  const startMs = Date.parse(test.start)
  await store(tenant, test, startMs)
  const lastMs = Math.max(...test.expect.map(({ at }) => at))
  const names = new Set(test.expect.map(({ alert }) => alert))
  const evaluated = await Promise.all(
    rules
      .filter(({ alert }) => names.has(alert))
      .map(async (rule) => ({
        rule,
        activities: await activitiesOf(tenant, rule, startMs, startMs + lastMs),
      })),
  )
  const mismatches = test.expect.flatMap((expected): Mismatch[] => {
    const { at: atMs, alert } = expected
    const states = evaluated
      .filter(({ rule }) => rule.alert === alert)
      .flatMap(({ rule, activities }) =>
        statesAt(activities, rule.forMs, { fromMs: startMs, everyMs: rule.everyMs }, startMs + atMs),
      )
    const { missing, unexpected } = compared(expected, states)
    return missing.length + unexpected.length === 0 ? [] : [{ atMs, alert, missing, unexpected }]
  })
  return { name: test.name, mismatches }
}

async function store(tenant: LokiSettings, test: Test, startMs: number): Promise<void> {
  const streams = streamsOf(test.logs, startMs)
  if (streams.length === 0) return
  const { name, detail } = await push(tenant, encoded(streams).body, PUSH_TIMEOUT_MS)
  if (name === 'stored') return
  if (OUTCOMES[name].canRetry) throw vigieError('LOKI_UNREACHABLE', { url: tenant.LOKI_URL, problem: detail })
  throw vigieError('TEST_LINES_REFUSED', { test: test.name, problem: detail })
}

async function activitiesOf(
  tenant: LokiSettings,
  { alert, expr, everyMs }: Rule,
  fromMs: number,
  toMs: number,
): Promise<Activity[]> {
  const series = await ask(`rule ${alert}`, queryRange(tenant, expr, fromMs, toMs, everyMs))
  return series.map(({ labels, values }) => ({ labels, atMs: new Set(values.map(({ atMs }) => atMs)) }))
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
