import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf } from '../../service/errors.ts'
import { type Logger } from '../../service/log.ts'
import { dueState } from './alert.ts'
import { evaluateRule, type GroupState, newGroup, type Questions, type RuleState } from './evaluate.ts'
import { type FoundRules, readFolder } from './folder.ts'
import { type Notification, notificationOf, notify } from './notify.ts'

/** How rules are found, evaluated and told. Times in ms. */
export type RulerSettings = {
  /** The folder that has one folder of rule files for each tenant. */
  directory: string
  /** Without it alerts are evaluated, but nobody is told. */
  alertmanagerUrl: string | undefined
  /** What an alert's link begins with. */
  externalUrl: string
  /** How often a group that names no interval is evaluated. */
  evaluationMs: number
  /** How often the files are read again. */
  pollMs: number
  /** How often an alert that goes on is told again. */
  resendMs: number
}

/** Evaluations that failed and notifications that were not taken, since the start. */
export type RulerFailures = { evaluations: number; notifications: number }

export type Ruler = {
  /** The groups of a tenant as their last evaluations left them. */
  groups: (tenant: string) => readonly GroupState[]
  failures: () => Readonly<RulerFailures>
  stop: () => Promise<void>
}

/** A group that is evaluated again and again. */
type Running = {
  tenant: string
  text: string
  state: GroupState
  stopped: AbortController
  ended: Promise<void>
}
/** All that lives. */
type State = {
  running: Map<string, Running>
  /** Files that are wrong, each with what was said of it. */
  broken: Map<string, string>
  failures: RulerFailures
}
type Surroundings = { settings: RulerSettings; questionsOf: (tenant: string) => Questions; logger: Logger }

const NOTIFY_WITHIN_MS = 10_000

/**
 * Evaluates the rules of each tenant's folder, each group at its own interval, and tells Alertmanager.
 * Changed files are read again within `pollMs`. A file that is wrong, an evaluation that fails and an
 * Alertmanager that does not answer are logged and counted; the rest goes on.
 */
export function startRuler(
  settings: RulerSettings,
  questionsOf: (tenant: string) => Questions,
  logger: Logger,
): Ruler {
  const surroundings = { settings, questionsOf, logger }
  const state: State = {
    running: new Map(),
    broken: new Map(),
    failures: { evaluations: 0, notifications: 0 },
  }
  const stopped = new AbortController()
  const polling = repeat(settings.pollMs, stopped.signal, async () => refresh(state, surroundings))
  return {
    groups: (tenant) =>
      [...state.running.values()].filter((each) => each.tenant === tenant).map((each) => each.state),
    failures: () => state.failures,
    async stop() {
      stopped.abort()
      const all = [...state.running.values()]
      for (const each of all) each.stopped.abort()
      await Promise.all([polling, ...all.map(({ ended }) => ended)])
    },
  }
}

/** Does something at once and then every `everyMs`, until the signal fires. */
async function repeat(everyMs: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    const startMs = Date.now()
    await work()
    const restMs = Math.max(0, everyMs - (Date.now() - startMs))
    await sleep(restMs, undefined, { signal }).catch(() => undefined)
  }
}

/** Ends the groups whose file changed or is gone, and starts those that are new. */
function refresh(state: State, surroundings: Surroundings): void {
  const { settings, logger } = surroundings
  let found: FoundRules
  try {
    found = readFolder(settings.directory, settings.evaluationMs)
  } catch (error) {
    logger.warn('the rules cannot be read', { folder: settings.directory, problem: reasonOf(error) })
    return
  }
  tellBroken(state, found, logger)
  for (const [name, each] of state.running)
    if (found.groups.get(name)?.text !== each.text) {
      each.stopped.abort()
      state.running.delete(name)
    }
  for (const [name, { tenant, text, group }] of found.groups) {
    if (state.running.has(name)) continue
    if (group.recorded.length > 0)
      logger.warn('recording rules are left out', { group: group.name, rules: group.recorded })
    const stopped = new AbortController()
    const each: Running = { tenant, text, state: newGroup(group), stopped, ended: Promise.resolve() }
    state.running.set(name, each)
    each.ended = repeat(group.intervalMs, stopped.signal, async () => {
      await evaluate(each, state, surroundings)
      await tell(each, state, surroundings)
    })
  }
}

/** Each file's problem is said once, not at every look. */
function tellBroken(state: State, { broken }: FoundRules, logger: Logger): void {
  const problems = new Map([...broken].map(([file, error]) => [file, (error as Error).message]))
  for (const [file, problem] of problems)
    if (state.broken.get(file) !== problem) logger.warn('a file of rules is left out', { file, problem })
  state.broken = problems
}

async function evaluate(each: Running, state: State, { questionsOf, logger }: Surroundings): Promise<void> {
  const { group, rules } = each.state
  const after: RuleState[] = []
  for (const rule of rules) {
    const next = await evaluateRule(rule, group.limit, questionsOf(each.tenant), Date.now())
    after.push(next)
    if (next.failures === rule.failures) continue
    state.failures.evaluations++
    if (next.lastError !== rule.lastError)
      logger.warn('a rule cannot be evaluated', { rule: rule.rule.alert, problem: next.lastError })
  }
  each.state = { group, rules: after }
}

async function tell(each: Running, state: State, { settings, logger }: Surroundings): Promise<void> {
  if (settings.alertmanagerUrl === undefined) return
  const nowMs = Date.now()
  const due = dueOf(each.state, settings, nowMs)
  if (due.length === 0) return
  try {
    await notify({ url: settings.alertmanagerUrl, timeoutMs: NOTIFY_WITHIN_MS }, due)
    each.state = told(each.state, settings.resendMs, nowMs)
  } catch (error) {
    state.failures.notifications++
    logger.warn('alerts were not taken; they are sent again', { problem: reasonOf(error) })
  }
}

/** What Alertmanager has to be told now. Pure. */
function dueOf(
  { group, rules }: GroupState,
  { externalUrl, resendMs }: RulerSettings,
  nowMs: number,
): Notification[] {
  const repeatMs = Math.max(group.intervalMs, resendMs)
  return rules.flatMap(({ rule, alerts }) => {
    const link = `${externalUrl}/graph?g0.expr=${encodeURIComponent(rule.query)}&g0.tab=1`
    return [...alerts.values()].flatMap((alert) => {
      const told = dueState(alert, resendMs, nowMs)
      return told === undefined ? [] : [notificationOf(alert, told, link, repeatMs, nowMs)]
    })
  })
}

/** The state after everything that was due has been told. Pure. */
const told = ({ group, rules }: GroupState, resendMs: number, nowMs: number): GroupState => ({
  group,
  rules: rules.map((rule) => ({
    ...rule,
    alerts: new Map(
      [...rule.alerts].map(([key, alert]) => {
        const toldState = dueState(alert, resendMs, nowMs)
        return [key, toldState === undefined ? alert : { ...alert, toldState, lastSentAtMs: nowMs }]
      }),
    ),
  })),
})
