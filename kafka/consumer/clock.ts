import { performance } from 'node:perf_hooks'
import { pause } from '../../service/shutdown.ts'

/** Time as a consumer needs it. The tests have one of their own, that does not wait. */
export type Clock = {
  /** Milliseconds since some moment: never set back, and counted while the process is suspended. */
  now: () => number
  /** Waits so many milliseconds, or until the signal fires. */
  pause: (ms: number, signal: AbortSignal) => Promise<void>
}

export const CLOCK: Clock = { now: () => performance.now(), pause }
