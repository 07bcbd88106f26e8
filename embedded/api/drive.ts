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
    for (let turn = 1; isLong && turn < TURNS_AFTER_LONG; turn++) await nextTurn()
    await ownTurn()
  }
}

/**
 * What waits to work on, the first to come first. The event loop has one for all stores of a process: were each
 * query to work in every turn of it, a request would wait for a slice of all of them.
 */
const queue: (() => void)[] = []

/** Resolves in a turn of the event loop in which nothing else is driven. */
export function ownTurn(): Promise<void> {
  return new Promise((resolve) => {
    queue.push(resolve)
    if (queue.length === 1) setImmediate(goOn)
  })
}

function goOn(): void {
  queue[0]?.()
  queue.shift()
  if (queue.length > 0) setImmediate(goOn)
}
