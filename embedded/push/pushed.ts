import { tooLarge } from '../refusal.ts'
import { type NewEntry } from '../store/store.ts'

/** A stream as a push brings it: `labels` is the text that a client wrote, `{a="b"}`. */
export type PushedStream = { labels: string; entries: NewEntry[] }

/**
 * What one push may be made of: streams, entries and pairs of structured metadata together. Two bytes can
 * make an entry, which takes some 200 here; this many take about 200 MB.
 */
export const MAX_PARTS = 1_000_000

/** How many parts a push has until now. */
export type Budget = { parts: number }

/** Counts one more part. Throws Refusal (413), upon which clients send less at once. */
export function spend(budget: Budget): void {
  if (++budget.parts > MAX_PARTS)
    throw tooLarge(`a push may have ${MAX_PARTS} streams, entries and structured metadata in total`)
}

/** The last second that nanoseconds in 64 bits hold: 11 April 2262. */
export const MAX_SECONDS = 9_223_372_035
