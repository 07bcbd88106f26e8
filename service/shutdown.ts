import { setTimeout as sleep } from 'node:timers/promises'

/**
 * An abort signal that fires at the first SIGINT or SIGTERM, so that the caller can finish cleanly.
 * A second signal ends the process at once, for someone who does not want to wait.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController()
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143)
    controller.abort(name)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return controller.signal
}

/** Resolves when the signal fires. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

/** Waits so many milliseconds, or until the signal fires. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined)

/**
 * A signal that fires when either of two does. `release` lets go of both: AbortSignal.any keeps what it makes as long
 * as the older of them lives.
 */
export function either(one: AbortSignal, other: AbortSignal): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController()
  const fire = () => controller.abort()
  for (const each of [one, other]) {
    if (each.aborted) fire()
    else each.addEventListener('abort', fire, { once: true })
  }
  const release = () => {
    for (const each of [one, other]) each.removeEventListener('abort', fire)
  }
  return { signal: controller.signal, release }
}
