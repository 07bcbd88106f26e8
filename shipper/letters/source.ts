import { withCalls } from '../../kafka/client.ts'
import { type KafkaSettings } from '../../kafka/config.ts'
import { type Calls } from '../../kafka/consumer/calls.ts'
import { type Offsets } from '../../kafka/offsets.ts'
import { readBatches, readToEnd } from '../../kafka/snapshot.ts'
import { DEAD_LETTERS_ID, TOPIC } from '../../log/names.ts'
import { createIdSet, type IdSet } from './id-set.ts'
import { type Letter, letterOf, settledIds } from './letter.ts'

/** A connection to the Kafka that holds the letters, and the names of all its topics. */
export type DeadLetterTopic = { where: KafkaSettings; calls: Calls; topics: ReadonlySet<string> }

/** Runs `use` with a connection. Throws KAFKA_*. */
export function withDeadLetters<Result>(
  where: KafkaSettings,
  use: (it: DeadLetterTopic) => Promise<Result>,
): Promise<Result> {
  return withCalls(where, DEAD_LETTERS_ID, async (calls) => {
    const { topics } = await calls.metadata()
    return use({ where, calls, topics: new Set(topics.keys()) })
  })
}

/** Letters of one partition that wait, in their order, each once; and those that are copies of letters before. */
export type Waiting = { partition: number; letters: Letter[]; copies: Letter[] }

/**
 * Hands over every letter that waits: neither sent again nor purged. Resolves with the end of each partition
 * as far as it was read. Reads the topic twice, since what became of a letter is written behind it; in
 * memory it keeps an id for each letter and for each settled one.
 */
export async function readWaiting(
  { calls, topics }: DeadLetterTopic,
  onWaiting: (waiting: Waiting) => Promise<void>,
): Promise<Offsets> {
  if (!topics.has(TOPIC.deadLetters)) return new Map()
  const settled = createIdSet()
  await readToEnd(calls, TOPIC.deadLetters, (record) => {
    for (const id of settledIds(record)) settled.add(id)
  })
  const seen = createIdSet()
  return readBatches(calls, TOPIC.deadLetters, ({ partition, records }) => {
    const unsettled = records
      .flatMap((record) => letterOf(record, partition) ?? [])
      .filter(({ id }) => !settled.has(id))
    return onWaiting({ partition, ...withoutCopies(unsettled, seen) })
  })
}

/** Takes apart the letters that were not seen before and those that were. */
function withoutCopies(all: readonly Letter[], seen: IdSet): Omit<Waiting, 'partition'> {
  const letters: Letter[] = []
  const copies: Letter[] = []
  for (const letter of all) (seen.add(letter.id) ? letters : copies).push(letter)
  return { letters, copies }
}
