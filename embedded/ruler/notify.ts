import { type Alert } from './alert.ts'

/** Where alerts are sent. */
export type Alertmanager = { url: string; timeoutMs: number }

/** One alert in the form of Alertmanager's API v2. */
export type Notification = {
  labels: Record<string, string>
  annotations: Record<string, string>
  startsAt: string
  endsAt: string
  generatorURL: string
}

/**
 * What Alertmanager is told of an alert: one that fires ends by itself when it is not told again for four
 * times `repeatMs`, as Prometheus has it. Pure.
 */
export function notificationOf(
  { labels, annotations, firedAtMs, activeAtMs, resolvedAtMs }: Alert,
  told: 'firing' | 'resolved',
  generatorURL: string,
  repeatMs: number,
  nowMs: number,
): Notification {
  return {
    labels: Object.fromEntries(labels),
    annotations: Object.fromEntries(annotations),
    startsAt: new Date(firedAtMs ?? activeAtMs).toISOString(),
    endsAt: new Date((told === 'resolved' ? resolvedAtMs : undefined) ?? nowMs + 4 * repeatMs).toISOString(),
    generatorURL,
  }
}

/** Sends alerts. Rejects with the cause when they were not taken. */
export async function notify(
  { url, timeoutMs }: Alertmanager,
  alerts: readonly Notification[],
): Promise<void> {
  const answer = await fetch(`${url.replace(/\/+$/, '')}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(alerts),
    signal: AbortSignal.timeout(timeoutMs),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`Alertmanager at ${url} answered ${answer.status}: ${text.slice(0, 300)}`)
}
