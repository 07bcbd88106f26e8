import { type Labels } from '../../logql/source.ts'

/** One alert of a rule: a series that its expression answered with. Times are ms since 1970. */
export type Alert = {
  labels: Labels
  annotations: Labels
  value: number
  state: 'pending' | 'firing' | 'resolved'
  activeAtMs: number
  firedAtMs: number | undefined
  resolvedAtMs: number | undefined
  lastSentAtMs: number | undefined
  /** What Alertmanager was told last. */
  toldState: 'firing' | 'resolved' | undefined
}

/** The alerts of a rule by their labels. */
export type Alerts = ReadonlyMap<string, Alert>

/** What an evaluation found of one series. */
export type Found = Pick<Alert, 'labels' | 'annotations' | 'value'>

/** How long a resolved alert is told of again, so that an Alertmanager that was away hears of it (Prometheus's own). */
const RESOLVED_FOR_MS = 15 * 60_000

export const keyOf = (labels: Labels): string => JSON.stringify([...labels].sort())

/**
 * A rule's alerts after an evaluation: a new series is pending, fires once it has been found for `forMs`
 * without a gap, and is resolved at the first evaluation that does not find it; one that was only pending is
 * gone then. Pure.
 */
export function evaluated(alerts: Alerts, found: readonly Found[], forMs: number, nowMs: number): Alerts {
  const after = new Map<string, Alert>()
  for (const each of found) {
    const key = keyOf(each.labels)
    const before = alerts.get(key)
    const isKnown = before !== undefined && before.state !== 'resolved'
    const alert: Alert = isKnown ? { ...before, ...each } : newAlert(each, nowMs)
    after.set(key, fired(alert, forMs, nowMs))
  }
  for (const [key, alert] of alerts) {
    if (after.has(key) || alert.state === 'pending') continue
    const resolvedAtMs = alert.resolvedAtMs ?? nowMs
    if (nowMs - resolvedAtMs <= RESOLVED_FOR_MS) after.set(key, { ...alert, state: 'resolved', resolvedAtMs })
  }
  return after
}

const newAlert = (found: Found, nowMs: number): Alert => ({
  ...found,
  ...{ state: 'pending', activeAtMs: nowMs },
  ...{ firedAtMs: undefined, resolvedAtMs: undefined, lastSentAtMs: undefined, toldState: undefined },
})

const fired = (alert: Alert, forMs: number, nowMs: number): Alert =>
  alert.state === 'pending' && nowMs - alert.activeAtMs >= forMs
    ? { ...alert, state: 'firing', firedAtMs: nowMs }
    : alert

/**
 * What Alertmanager has to be told of an alert now; undefined for nothing. One that fires is told at once and
 * again every `resendMs`, one that was resolved likewise. One that was resolved before anybody heard of it, since
 * Alertmanager was away, is told as firing first: a mail on it is late, not lost. Pure.
 */
export function dueState(alert: Alert, resendMs: number, nowMs: number): 'firing' | 'resolved' | undefined {
  const { state, toldState, lastSentAtMs } = alert
  if (state === 'pending') return undefined
  if (toldState === undefined || lastSentAtMs === undefined) return 'firing'
  const isOld = nowMs - lastSentAtMs >= resendMs
  return state !== toldState || isOld ? state : undefined
}
