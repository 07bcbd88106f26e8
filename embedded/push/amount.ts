import { type NewEntry } from '../store/store.ts'
import { type Amount } from './report.ts'
import { entryBytes } from './validate.ts'

/** Of some entries. Pure. */
export function entriesAmount(entries: readonly NewEntry[]): Amount {
  let bytes = 0
  for (const entry of entries) bytes += entryBytes(entry)
  return { lines: entries.length, bytes }
}

/** Of the entries of some streams. Pure. */
export function amountOf(streams: readonly { entries: readonly NewEntry[] }[]): Amount {
  const sum: Amount = { lines: 0, bytes: 0 }
  for (const { entries } of streams) {
    const { lines, bytes } = entriesAmount(entries)
    sum.lines += lines
    sum.bytes += bytes
  }
  return sum
}
