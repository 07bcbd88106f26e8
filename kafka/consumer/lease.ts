import { CLOCK } from './clock.ts'

/** The time during which nobody else can own this member's partitions. */
export type Lease = {
  /** The group heard from this member at that moment of the clock, in milliseconds, or later. */
  renew: (heardMs: number) => void
  isValid: () => boolean
  /** Fires when the lease ends; another one is given out after it is renewed. */
  signal: () => AbortSignal
  close: () => void
}

/** For the way of a heartbeat to the broker, and its clock. */
const MARGIN_MS = 1_000
const CHECK_MS = 250

/**
 * A lease of a consumer group's session timeout. The signal breaks off what is under way when it ends; a process that
 * was suspended may be past that without a timer having run, so `isValid` is asked right before anything is sent.
 */
export function createLease(sessionTimeoutMs: number, now: () => number = CLOCK.now): Lease {
  let untilMs = 0
  let controller = new AbortController()
  const isValid = () => now() < untilMs
  const timer = setInterval(() => {
    if (!isValid()) controller.abort()
  }, CHECK_MS)
  timer.unref()
  return {
    renew(heardMs) {
      untilMs = Math.max(untilMs, heardMs + sessionTimeoutMs - MARGIN_MS)
      if (isValid() && controller.signal.aborted) controller = new AbortController()
    },
    isValid,
    signal: () => controller.signal,
    close: () => clearInterval(timer),
  }
}
