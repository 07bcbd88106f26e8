import { type Progress, writeTogether } from '../kafka/transactions.ts'
import { TOPIC } from '../log/names.ts'
import { type Digest } from './digest.ts'
import { type Owned } from './ownership.ts'
import { stateKey, writtenState } from './state.ts'

/**
 * Writes a digest's events and states, and the group's progress, in one transaction, and only then takes
 * them over in memory. Throws errors of kafkajs; the partition must then be given up.
 */
export async function commit(owned: Owned, { changed, events }: Digest, progress: Progress): Promise<void> {
  const { partition, nextOffset } = progress
  const stateMessages = [...changed].map(([source, state]) => ({
    key: stateKey(progress, source),
    value: writtenState({ state, partition }),
  }))
  // In the same transaction as the offsets: whoever reads both can tell whether it read all states.
  const reached = { key: stateKey(progress, partition), value: String(nextOffset) }
  const eventMessages = events.map((event) => ({ key: event.source, value: JSON.stringify(event) }))
  await writeTogether(
    owned.producer,
    [
      { topic: TOPIC.incidents, messages: eventMessages },
      { topic: TOPIC.incidentsState, messages: [...stateMessages, reached] },
    ],
    progress,
  )
  for (const [source, state] of changed) {
    owned.states.set(source, state)
    if (state.ongoing === undefined) owned.down.delete(source)
    else owned.down.add(source)
  }
  owned.nextOffset = nextOffset
}
