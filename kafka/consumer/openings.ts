import { mayPass } from '../cluster/errors.ts'
import { type Calls } from './calls.ts'
import { type Clock } from './clock.ts'
import { type Group } from './group.ts'
import { type Beginning, type Handler } from './handler.ts'
import { startingOffsets } from './offsets.ts'
import { keyOf, type TopicPartition } from './partitions.ts'

export type OpeningsParts = {
  calls: Pick<Calls, 'metadata' | 'listOffset'>
  clock: Clock
  group: Pick<Group, 'committed'>
  trouble: Handler['trouble']
  onBegin: (beginning: Beginning) => void
  ended: AbortSignal
}

/** Partitions that are owned, but whose starting offsets are not known yet. */
export type Openings = {
  /** Begins partitions, each as soon as its offset is known; through Kafka's faults, until they are given up. */
  open: (partitions: readonly TopicPartition[], generation: number) => Promise<void>
  /** Gives partitions up; returns those of them that had begun. */
  close: (partitions: readonly TopicPartition[]) => readonly TopicPartition[]
}

/** The pause before offsets are asked for again. */
const AGAIN_MS = 100

export function createOpenings({ calls, clock, group, trouble, onBegin, ended }: OpeningsParts): Openings {
  const opening = new Map<string, number>()
  const openOnce = async (wanted: readonly TopicPartition[], generation: number): Promise<void> => {
    for (const each of await startingOffsets(calls, group, wanted)) {
      if (opening.get(keyOf(each)) !== generation || ended.aborted) continue
      opening.delete(keyOf(each))
      onBegin({ ...each, generation })
    }
  }
  return {
    async open(partitions, generation) {
      for (const each of partitions) opening.set(keyOf(each), generation)
      const wanted = () => partitions.filter((each) => opening.get(keyOf(each)) === generation)
      while (!ended.aborted && wanted().length > 0) {
        try {
          await openOnce(wanted(), generation)
          trouble('offsets', undefined)
        } catch (error) {
          if (!mayPass(error)) throw error
          trouble('offsets', (error as Error).message)
        }
        if (wanted().length > 0) await clock.pause(AGAIN_MS, ended)
      }
    },
    close(partitions) {
      const begun = partitions.filter((each) => !opening.has(keyOf(each)))
      for (const each of partitions) opening.delete(keyOf(each))
      return begun
    },
  }
}
