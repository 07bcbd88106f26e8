import { type Metadata } from '../cluster/cluster.ts'
import { mayPass } from '../cluster/errors.ts'
import { type Calls } from './calls.ts'
import { type Clock } from './clock.ts'
import { type Handler } from './handler.ts'
import { askedFor, type Topics } from './subscription.ts'

export type MetadataWatchParts = {
  calls: Pick<Calls, 'metadata'>
  clock: Clock
  topics: Topics
  trouble: Handler['trouble']
  /** Told what the cluster says; returns the partitions whose leader is still being looked for. */
  onMetadata: (metadata: Metadata) => readonly string[]
  ended: AbortSignal
}

/** Asks for metadata again and again: it tells of leaders that moved, of new partitions and of new topics. */
export type MetadataWatch = {
  run: () => Promise<void>
  /** Asks soon, and not when the time has come. */
  refresh: () => void
}

/** New partitions and topics are found within that time. */
const AGE_MS = 10_000
/** The pause before it is asked again, while a leader is looked for. */
const AGAIN_MS = 100

export function createMetadataWatch({
  calls,
  clock,
  topics,
  trouble,
  onMetadata,
  ended,
}: MetadataWatchParts): MetadataWatch {
  let due = new AbortController()
  /** Whether every partition has a leader. */
  const look = async (): Promise<boolean> => {
    try {
      const leaderless = onMetadata(await calls.metadata(askedFor(topics)))
      trouble('metadata', leaderless.length === 0 ? undefined : `no leader of ${leaderless.join(', ')}`)
      return leaderless.length === 0
    } catch (error) {
      if (!mayPass(error)) throw error
      trouble('metadata', (error as Error).message)
      return false
    }
  }
  return {
    refresh: () => due.abort(),
    async run() {
      while (!ended.aborted) {
        const isComplete = await look()
        await clock.pause(AGAIN_MS, ended)
        if (isComplete) await clock.pause(AGE_MS, AbortSignal.any([due.signal, ended]))
        due = new AbortController()
      }
    },
  }
}
