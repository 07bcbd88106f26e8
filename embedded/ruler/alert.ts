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
  ...{ firedAtMs: undefined, resolvedAtMs: undefined, lastSentAtMs: undefined },
})

const fired = (alert: Alert, forMs: number, nowMs: number): Alert =>
  alert.state === 'pending' && nowMs - alert.activeAtMs >= forMs
    ? { ...alert, state: 'firing', firedAtMs: nowMs }
    : alert

/** Whether an Alertmanager has to hear of an alert now: it fires or was resolved, and was not told lately. Pure. */
export function isDue(
  { state, resolvedAtMs, lastSentAtMs }: Alert,
  resendMs: number,
  nowMs: number,
): boolean {
  if (state === 'pending') return false
  if (lastSentAtMs === undefined) return true
  if (resolvedAtMs !== undefined && resolvedAtMs > lastSentAtMs) return true
  return nowMs - lastSentAtMs >= resendMs
}
