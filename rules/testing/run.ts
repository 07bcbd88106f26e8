import { randomUUID } from 'node:crypto'
import { type LokiSettings } from '../../loki/config.ts'
import { encoded, push } from '../../loki/push.ts'
import { queryRange } from '../../loki/query.ts'
import { vigieError } from '../../service/errors.ts'
import { streamsOf } from './entries.ts'
import { type Expectation, type TestCase } from './file.ts'
import { type Activity, type AlertState, statesAt } from './simulate.ts'

/** One alert rule, ready to be evaluated. */
export type Rule = { alert: string; expr: string; forMs: number; everyMs: number }

/** What an expectation found: nothing when it holds. */
export type Mismatch = { atMs: number; alert: string; missing: AlertState[]; unexpected: AlertState[] }
export type TestResult = { name: string; mismatches: Mismatch[] }

const PUSH_TIMEOUT_MS = 30_000

/**
 * Runs one test on a real Loki that knows tenants: the test's lines go to a tenant of their own. Throws
 * LOKI_* errors, and USAGE when it expects an alert that there is no rule for.
 */
export async function runTest(
  loki: LokiSettings,
  rules: readonly Rule[],
  test: TestCase,
  byDefault: string | undefined,
): Promise<TestResult> {
  const tenant: LokiSettings = { ...loki, LOKI_TENANT_ID: `test-${randomUUID()}` }
  const startMs = Date.parse(test.start)
  await store(tenant, test, startMs)
  const lastMs = Math.max(...test.expect.map(({ at }) => at))
  const nameOf = ({ alert }: Expectation) => alert ?? byDefault ?? ''
  const evaluated = new Map<string, (instantMs: number) => AlertState[]>()
  for (const name of new Set(test.expect.map(nameOf))) {
    const ofThatName = rules.filter(({ alert }) => alert === name)
    if (ofThatName.length === 0)
      throw vigieError('USAGE', {
        problem: `The test "${test.name}" expects the alert "${name}", but no rule has that name.`,
      })
    const answers = await Promise.all(
      ofThatName.map(async (rule) => ({
        rule,
        activities: await activitiesOf(tenant, rule, startMs, startMs + lastMs),
      })),
    )
    evaluated.set(name, (instantMs) =>
      answers.flatMap(({ rule, activities }) =>
        statesAt(activities, rule.forMs, { fromMs: startMs, everyMs: rule.everyMs }, instantMs),
      ),
    )
  }
  const mismatches = test.expect.flatMap((expected): Mismatch[] => {
    const alert = nameOf(expected)
    const states = evaluated.get(alert)?.(startMs + expected.at) ?? []
    const { missing, unexpected } = compared(expected, states)
    return missing.length + unexpected.length === 0 ? [] : [{ atMs: expected.at, alert, missing, unexpected }]
  })
  return { name: test.name, mismatches }
}

async function store(tenant: LokiSettings, test: TestCase, startMs: number): Promise<void> {
  const streams = streamsOf(test.logs, startMs)
  if (streams.length === 0) return
  const outcome = await push(tenant, (await encoded(streams)).body, PUSH_TIMEOUT_MS)
  if (outcome.kind !== 'stored')
    throw vigieError('LOKI_UNREACHABLE', { url: tenant.LOKI_URL, problem: outcome.detail })
}

async function activitiesOf(
  tenant: LokiSettings,
  rule: Rule,
  fromMs: number,
  toMs: number,
): Promise<Activity[]> {
  const series = await queryRange(tenant, rule.expr, fromMs, toMs, rule.everyMs)
  return series.map(({ labels, values }) => ({ labels, atMs: new Set(values.map(({ atMs }) => atMs)) }))
}

const keyOf = ({ labels, state }: AlertState): string =>
  JSON.stringify([state, Object.entries(labels).sort()])

/** What should be there and is not, and what is there and should not be. Pure. */
export function compared(
  { firing, pending }: Pick<Expectation, 'firing' | 'pending'>,
  states: readonly AlertState[],
): { missing: AlertState[]; unexpected: AlertState[] } {
  const expected: AlertState[] = [
    ...firing.map((labels) => ({ labels, state: 'firing' as const })),
    ...pending.map((labels) => ({ labels, state: 'pending' as const })),
  ]
  const found = new Set(states.map(keyOf))
  const wanted = new Set(expected.map(keyOf))
  return {
    missing: expected.filter((each) => !found.has(keyOf(each))),
    unexpected: states.filter((each) => !wanted.has(keyOf(each))),
  }
}
