import { mayPass } from '../cluster/errors.ts'
import { abandon, type Outlet } from './outlet.ts'

/** To outlive a broker that was killed: it took 13 s to come back, with its log to recover. */
export const PATIENCE_MS = 60_000

/** The outlet waits for a leader or a number. */
export function inTrouble(outlet: Outlet, error: unknown, nowMs: number): void {
  const { sinceMs = nowMs, attempts = 0 } = outlet.trouble ?? {}
  outlet.trouble = { sinceMs, attempts: attempts + 1, error }
  outlet.state = 'in trouble'
}

/** Something failed that the outlet needed: a fault of Kafka is waited out, anything else is final. */
export function failed(outlet: Outlet, error: unknown, nowMs: number): void {
  if (mayPass(error)) {
    inTrouble(outlet, error, nowMs)
    return
  }
  abandon(outlet, error)
  outlet.state = 'idle'
}

/** Fails what has waited for too long. */
export function giveUpLate(outlet: Outlet, nowMs: number): void {
  const { trouble } = outlet
  if (trouble === undefined || nowMs - trouble.sinceMs < PATIENCE_MS) return
  abandon(outlet, trouble.error)
  outlet.state = 'idle'
}
