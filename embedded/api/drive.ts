import { setImmediate as nextTurn } from 'node:timers/promises'

/** A query works this long at a time, then lets pushes and other requests go before it. */
const SLICE_MS = 4

/** Works in slices until the result is there. Rejects with the signal's reason when that fires before. */
export async function drive<Result>(work: Generator<void, Result>, signal: AbortSignal): Promise<Result> {
  for (;;) {
    signal.throwIfAborted()
    const untilMs = performance.now() + SLICE_MS
    do {
      const step = work.next()
      if (step.done === true) return step.value
    } while (performance.now() < untilMs)
    await nextTurn()
  }
}
