import { type Clock } from './clock.ts'
import { type Handler } from './handler.ts'
import { type TopicPartition } from './partitions.ts'

/** Work that is given up has to end sooner than the group waits, so that its last offsets are committed before. */
const WITHIN_MS = 30_000

/** Ends the work on partitions that are given up, and knows what has not ended yet. */
export type Revocations = {
  /** Resolves with whether nothing else is being given up any more. */
  revoke: (partitions: readonly TopicPartition[], isLost: boolean) => Promise<boolean>
  /** Resolves when whatever is being given up has ended, whether or not it threw. */
  allEnded: () => Promise<unknown>
}

export function createRevocations(
  clock: Clock,
  handler: Pick<Handler, 'end' | 'rebalancing'>,
  ended: AbortSignal,
): Revocations {
  const under = new Set<Promise<void>>()
  return {
    async revoke(partitions, isLost) {
      const deadline = new AbortController()
      const over = new AbortController()
      void clock.pause(WITHIN_MS, AbortSignal.any([over.signal, ended])).then(() => deadline.abort())
      const ending = handler.end(partitions, { isLost, deadline: deadline.signal })
      under.add(ending)
      try {
        await ending
      } finally {
        under.delete(ending)
        over.abort()
      }
      return under.size === 0
    },
    allEnded: () => Promise.allSettled(under),
  }
}
