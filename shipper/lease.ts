/** The time during which nobody else can own this member's partitions. */
export type Lease = {
  /** The group has heard from this member just now. */
  renew: () => void
  isValid: () => boolean
  /** Fires when the lease ends; another one is given out after it is renewed. */
  signal: () => AbortSignal
  close: () => void
}

/** For the way of a heartbeat to the broker, and its clock. */
const MARGIN_MS = 1_000
const CHECK_MS = 250

/**
 * A lease of a consumer group's session timeout. A process that was suspended for longer breaks off its
 * pushes before anything else: timers come before sockets in a turn of the event loop.
 */
export function createLease(sessionTimeoutMs: number, now: () => number = Date.now): Lease {
  let untilMs = 0
  let controller = new AbortController()
  const isValid = () => now() < untilMs
  const timer = setInterval(() => {
    if (!isValid()) controller.abort()
  }, CHECK_MS)
  timer.unref()
  return {
    renew() {
      untilMs = now() + sessionTimeoutMs - MARGIN_MS
      if (controller.signal.aborted) controller = new AbortController()
    },
    isValid,
    signal: () => controller.signal,
    close: () => clearInterval(timer),
  }
}
