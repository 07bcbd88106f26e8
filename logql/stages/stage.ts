import { type Entry, parsedName, setParsed } from './entry.ts'

/** Changes an entry; answers whether it is kept. */
export type CompiledStage = (entry: Entry) => boolean

/**
 * The labels that the query uses: parsers extract only these and stop when they have them all. Undefined means every
 * label.
 */
export type Wanted = ReadonlySet<string> | undefined

/** Whether all wanted labels are parsed already, so that a parser can skip the line. */
export function hasAllWanted(entry: Entry, wanted: Wanted): boolean {
  if (wanted === undefined) return false
  for (const name of wanted) if (entry.parsed?.has(name) !== true) return false
  return true
}

/**
 * Adds a label that a parser found, under its name or, where that is taken, with a suffix. Of two labels with
 * one name the first stays. Answers whether the parser should go on.
 */
export function addParsed(entry: Entry, name: string, value: string, wanted: Wanted): boolean {
  const label = parsedName(entry, name)
  if (wanted !== undefined && !wanted.has(label)) return true
  if (entry.parsed?.has(label) === true) return true
  setParsed(entry, label, value)
  return wanted === undefined || !hasAllWanted(entry, wanted)
}
