import { type Backoff, pauseAfter } from '../../service/backoff.ts'
import { mayPass } from '../cluster/errors.ts'
import { type Clock } from '../consumer/clock.ts'

/** How long to go on, with which pauses, and through what: all that waiting may mend when it is absent. */
export type Patience = {
  withinMs: number
  pausesMs: Backoff
  through?: (error: unknown) => boolean
}

/** Tries again until an attempt succeeds. Rejects with the last error: one that is not waited through, or a late one. */
export async function patiently<Result>(
  clock: Clock,
  { withinMs, pausesMs, through = mayPass }: Patience,
  attempt: () => Promise<Result>,
): Promise<Result> {
  const deadlineMs = clock.now() + withinMs
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt()
    } catch (error) {
      if (!through(error) || clock.now() > deadlineMs) throw error
    }
    await clock.pause(pauseAfter(pausesMs, attempts), NEVER)
  }
}

const NEVER = new AbortController().signal
