import { type KafkaSettings } from '../../kafka/config.ts'
import { type Counts, count } from './counts.ts'
import { type Letter, withReason } from './letter.ts'
import { readWaiting, type Waiting, withDeadLetters } from './source.ts'
import { shortText } from './text.ts'

/** A letter as it is shown: short texts that steer no terminal. */
export type Shown = {
  /** When it was written, RFC 3339. */
  written: string
  reason: string
  detail: string
  /** Where the record came from; null where nobody knows. */
  topic: string | null
  partition: string | null
  offset: string | null
  sizeBytes: number
  /** How many more records of it lie behind it. */
  copies: number
  /** The start of the log line. */
  line: string
}

/** What waits: all of it counted, the newest shown in the order in which they were written. */
export type Summary = { letters: number; copies: number; byReason: Counts; newest: Shown[] }

const MAX_DETAIL = 300
const MAX_LINE = 160
/** Kafka's limit for the name of a topic. */
const MAX_NAME = 249

const named = (text: string | undefined): string | null =>
  text === undefined ? null : shortText(text, MAX_NAME)

/** Pure. */
export const shown = ({ value, reason, detail, topic, partition, offset, writtenMs }: Letter): Shown => ({
  written: new Date(Math.max(0, writtenMs)).toISOString(),
  reason,
  detail: shortText(detail, MAX_DETAIL),
  topic: named(topic),
  partition: named(partition),
  offset: named(offset),
  sizeBytes: value.length,
  copies: 0,
  // A character takes at most four bytes: a line may be a megabyte.
  line: shortText(value.toString('utf8', 0, MAX_LINE * 4 + 4), MAX_LINE),
})

export type Summing = { add: (waiting: Waiting) => void; summary: () => Summary }

/** Sums up what waits, of one reason or of all, in memory for the texts of `limit` letters. Pure. */
export function createSumming(limit: number, reason?: string): Summing {
  const byReason: Counts = new Map()
  const newest = new Map<bigint, Shown>()
  let letters = 0
  let copies = 0
  return {
    add(waiting) {
      const chosen = withReason(waiting.letters, reason)
      letters += chosen.length
      for (const letter of chosen) count(byReason, letter.reason)
      for (const letter of limit === 0 ? [] : chosen.slice(-limit)) newest.set(letter.id, shown(letter))
      for (const { id } of withReason(waiting.copies, reason)) {
        copies++
        const original = newest.get(id)
        if (original !== undefined) original.copies++
      }
      for (const id of [...newest.keys()].slice(0, Math.max(0, newest.size - limit))) newest.delete(id)
    },
    summary: () => ({ letters, copies, byReason, newest: [...newest.values()] }),
  }
}

/** What waits now. Nothing is changed. Throws KAFKA_*. */
export const summarise = (where: KafkaSettings, limit: number, reason?: string): Promise<Summary> =>
  withDeadLetters(where, async (it) => {
    const summing = createSumming(limit, reason)
    await readWaiting(it, async (waiting) => summing.add(waiting))
    return summing.summary()
  })
