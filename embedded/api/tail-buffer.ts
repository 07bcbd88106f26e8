import { type Labels } from '../../logql/source.ts'
import { type NewEntry } from '../store/store.ts'

/** An entry that waits to be sent to who follows a tail. */
export type Waiting = { labels: Labels; entry: NewEntry; arrivedMs: number }

/** Entries that wait, oldest first, and those that found no place. */
export type TailBuffer = { waiting: Waiting[]; bytes: number; dropped: Waiting[] }

/** As much may wait for one client. */
const MAX_ENTRIES = 10_000
const MAX_BYTES = 16 * 1_048_576
/** So many dropped entries are told of. */
const MAX_TOLD = 100

export const emptyTailBuffer = (): TailBuffer => ({ waiting: [], bytes: 0, dropped: [] })

/** Adds an entry, or remembers that it was dropped since too many wait. */
export function addWaiting(buffer: TailBuffer, waiting: Waiting): void {
  if (buffer.waiting.length < MAX_ENTRIES && buffer.bytes < MAX_BYTES) {
    buffer.waiting.push(waiting)
    buffer.bytes += waiting.entry.line.length
  } else if (buffer.dropped.length < MAX_TOLD) buffer.dropped.push(waiting)
}

/** Takes those that arrived until then, as many as `most`. */
export function takeWaiting(buffer: TailBuffer, untilMs: number, most: number): Waiting[] {
  const later = buffer.waiting.findIndex(({ arrivedMs }) => arrivedMs > untilMs)
  const count = Math.min(most, later < 0 ? buffer.waiting.length : later)
  const taken = buffer.waiting.splice(0, count)
  for (const { entry } of taken) buffer.bytes -= entry.line.length
  return taken
}

/** Puts those back that were taken last. */
export function putBack(buffer: TailBuffer, entries: readonly Waiting[]): void {
  buffer.waiting.unshift(...entries)
  for (const { entry } of entries) buffer.bytes += entry.line.length
}

/** Takes what was dropped. */
export const takeDropped = (buffer: TailBuffer): Waiting[] => buffer.dropped.splice(0)
