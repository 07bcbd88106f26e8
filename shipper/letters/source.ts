import { type Admin, createKafka, type Kafka, withAdmin } from '../../kafka/client.ts'
import { type KafkaSettings } from '../../kafka/config.ts'
import { type Offsets } from '../../kafka/offsets.ts'
import { readBatches, readToEnd } from '../../kafka/snapshot.ts'
import { DEAD_LETTERS_ID, TOPIC } from '../../log/names.ts'
import { createIdSet, type IdSet } from './id-set.ts'
import { type Letter, letterOf, settledIds } from './letter.ts'

/** A connection to the Kafka that holds the letters, and the names of all its topics. */
export type Post = { where: KafkaSettings; kafka: Kafka; admin: Admin; topics: ReadonlySet<string> }

/** Runs `use` with a connection. Throws KAFKA_*. */
export function atPost<Result>(where: KafkaSettings, use: (post: Post) => Promise<Result>): Promise<Result> {
  const kafka = createKafka(where, DEAD_LETTERS_ID)
  return withAdmin(kafka, where.KAFKA_BROKERS, async (admin) =>
    use({ where, kafka, admin, topics: new Set(await admin.listTopics()) }),
  )
}

/** Letters of one partition that wait, in their order, each once; and those that are copies of letters before. */
export type Waiting = { partition: number; letters: Letter[]; copies: Letter[] }

/**
 * Hands over every letter that waits: neither sent again nor purged. Resolves with the end of each partition
 * as far as it was read. Reads the topic twice, since what became of a letter is written behind it; in
 * memory it keeps an id for each letter and for each settled one.
 */
export async function readWaiting(
  { kafka, admin, topics }: Post,
  onWaiting: (waiting: Waiting) => Promise<void>,
): Promise<Offsets> {
  if (!topics.has(TOPIC.deadLetters)) return new Map()
  const settled = createIdSet()
  await readToEnd(kafka, admin, TOPIC.deadLetters, DEAD_LETTERS_ID, (record) => {
    for (const id of settledIds(record)) settled.add(id)
  })
  const seen = createIdSet()
  return readBatches(kafka, admin, TOPIC.deadLetters, DEAD_LETTERS_ID, ({ partition, records }) => {
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
