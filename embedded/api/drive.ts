import { setImmediate as nextTurn } from 'node:timers/promises'

/** A query works this long at a time, then lets pushes and other requests go before it. */
const SLICE_MS = 4

/** After a piece of work that could not be cut smaller, so many turns: a request takes some to come, be read and be answered. */
const LONG_MS = 15
const TURNS_AFTER_LONG = 4

/** Works in slices until the result is there. Rejects with the signal's reason when that fires before. */
export async function drive<Result>(work: Generator<void, Result>, signal: AbortSignal): Promise<Result> {
  for (;;) {
    signal.throwIfAborted()
    const untilMs = performance.now() + SLICE_MS
    do {
      const step = work.next()
      if (step.done === true) return step.value
    } while (performance.now() < untilMs)
    const isLong = performance.now() - untilMs > LONG_MS
    for (let turn = 0; turn < (isLong ? TURNS_AFTER_LONG : 1); turn++) await nextTurn()
  }
}
