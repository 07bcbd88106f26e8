import { Refusal } from '../refusal.ts'

/** Lets so many work at once; others wait, in the order in which they came. */
export type Turns = {
  /** Resolves, when it is its turn, with what gives the turn on. Rejects when the signal fires before. */
  take: (signal: AbortSignal) => Promise<() => void>
  running: () => number
  waiting: () => number
}

/** More than these are refused at once (429), as Loki does. */
const MAX_WAITING = 1_000

export function createTurns(limit: number): Turns {
  const queue = new Set<() => void>()
  let running = 0
  const giveOn = () => {
    const [next] = queue
    if (next === undefined) running--
    else {
      queue.delete(next)
      next()
    }
  }
  const once = () => {
    let isGiven = false
    return () => {
      if (!isGiven) giveOn()
      isGiven = true
    }
  }
  return {
    async take(signal) {
      signal.throwIfAborted()
      if (running < limit) {
        running++
        return once()
      }
      if (queue.size >= MAX_WAITING) throw new Refusal(429, 'too many outstanding requests')
      await new Promise<void>((resolve, reject) => {
        const onAbort = () => {
          queue.delete(start)
          reject(signal.reason)
        }
        const start = () => {
          signal.removeEventListener('abort', onAbort)
          resolve()
        }
        queue.add(start)
        signal.addEventListener('abort', onAbort, { once: true })
      })
      return once()
    },
    running: () => running,
    waiting: () => queue.size,
  }
}
