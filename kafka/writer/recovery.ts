import { type Backoff, pauseAfter } from '../../service/backoff.ts'
import { type Clock } from '../consumer/clock.ts'
import { type WriterCalls } from './calls.ts'
import { type Outlet } from './outlet.ts'
import { begun } from './sequence.ts'
import { type Topics } from './topics.ts'
import { failed, giveUpLate, inTrouble } from './trouble.ts'

const PAUSES_MS: Backoff = { first: 100, longest: 1_000 }

export type RecoveryWork = {
  calls: WriterCalls
  topics: Topics
  clock: Clock
  outlets: () => Iterable<Outlet>
  /** Told when outlets can send again. */
  pump: () => void
  closed: AbortSignal
}

/** Finds leaders and numbers for the outlets in trouble, until there is none or their time is over. */
export type Recovery = { recover: () => void }

export function createRecovery({ calls, topics, clock, outlets, pump, closed }: RecoveryWork): Recovery {
  let isRecovering = false
  const troubled = () => [...outlets()].filter(({ state }) => state === 'in trouble')

  const untilNone = async (): Promise<void> => {
    for (;;) {
      for (const outlet of troubled()) giveUpLate(outlet, clock.now())
      const left = troubled()
      if (left.length === 0 || closed.aborted) {
        // In the same turn as the look: whoever gets in trouble after it begins anew.
        isRecovering = false
        return
      }
      await clock.pause(pauseOf(left), closed)
      if (!closed.aborted) await attempt(left)
    }
  }

  const attempt = async (left: readonly Outlet[]): Promise<void> => {
    try {
      await topics.refresh([...new Set(left.map(({ topic }) => topic))])
      await renumber(left)
      for (const outlet of left) resume(outlet)
    } catch (error) {
      for (const outlet of left) failed(outlet, error, clock.now())
    }
    pump()
  }

  /** All that need a number can share an id: none of them has written with it. */
  const renumber = async (left: readonly Outlet[]): Promise<void> => {
    const needy = left.filter(({ sequence }) => sequence.kind === 'unnumbered')
    if (needy.length === 0) return
    const identity = await calls.newIdentity()
    for (const outlet of needy) outlet.sequence = begun(identity)
  }

  const resume = (outlet: Outlet): void => {
    if (topics.leaderOf(outlet.topic, outlet.partition) >= 0) outlet.state = 'idle'
    else inTrouble(outlet, outlet.trouble?.error, clock.now())
  }

  return {
    recover() {
      if (isRecovering) return
      isRecovering = true
      void untilNone()
    },
  }
}

/** By the one that has failed least: it need not wait for the others. */
function pauseOf(troubled: readonly Outlet[]): number {
  const attempts = Math.min(...troubled.map(({ trouble }) => trouble?.attempts ?? 1))
  return pauseAfter(PAUSES_MS, attempts)
}
