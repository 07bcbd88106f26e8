import { type Entry, setError } from './entry.ts'
import { nextMember, objectScan } from './json-object.ts'
import { labelValue, NO_END_OF_OBJECT, problemAt, skipSpace, valueEnd } from './json-scan.ts'
import { labelName } from './label-name.ts'
import { addParsed, type CompiledStage, hasAllWanted, type Wanted } from './stage.ts'

export const JSON_ERROR = 'JSONParserErr'
/** Deeper than the objects of any log: label names grow with the depth, and so does the stack. */
const MAX_DEPTH = 100
/** Negative as the place of a problem is, but not a problem: every wanted label was found. */
const FOUND_ALL = -100
const TOO_DEEP = -101

/**
 * `json`: every member of the object in the line is a label, those of nested objects under the names of both,
 * joined with `_`; arrays and nulls are left out. Numbers stand as they are written. What comes before the
 * first mistake is kept, and the entry is marked.
 */
export const compileJson =
  (wanted: Wanted): CompiledStage =>
  (entry) => {
    if (hasAllWanted(entry, wanted)) return true
    const { line } = entry
    const start = skipSpace(line, 0)
    const end = line[start] === '{' ? readObject(entry, start + 1, '', 0, wanted) : NO_END_OF_OBJECT
    if (end === TOO_DEEP)
      setError(entry, JSON_ERROR, `Objects are nested in each other more than ${MAX_DEPTH} times`)
    else if (end < 0 && end !== FOUND_ALL) setError(entry, JSON_ERROR, problemAt(end))
    return true
  }

/** Reads the members from the place after `{`; answers the place after `}` or a negative one. */
function readObject(entry: Entry, from: number, prefix: string, depth: number, wanted: Wanted): number {
  if (depth > MAX_DEPTH) return TOO_DEEP
  const scan = objectScan(entry.line, from)
  while (nextMember(scan)) {
    scan.at = readValue(entry, scan.at, memberName(prefix, scan.key), depth, wanted)
    if (scan.at < 0) break
  }
  return scan.at
}

/** The name of the label for a member of the object whose own label would be `prefix`. */
export const memberName = (prefix: string, key: string): string =>
  prefix === '' ? labelName(key) : `${prefix}_${labelName(key, true)}`

function readValue(entry: Entry, from: number, name: string, depth: number, wanted: Wanted): number {
  const { line } = entry
  const first = line.charCodeAt(from)
  const isObject = first === 123
  // Only the end of the outermost object is searched for: the objects inside end before it.
  const end = isObject && depth > 0 ? from : valueEnd(line, from)
  if (end < 0) return end
  if (isObject) {
    if (name === '' || !mayHold(name, wanted)) return depth > 0 ? valueEnd(line, from) : end
    const nestedEnd = readObject(entry, from + 1, name, depth + 1, wanted)
    return nestedEnd < 0 || depth > 0 ? nestedEnd : end
  }
  // An array (`[`) or null (`n`).
  if (first === 91 || first === 110 || name === '') return end
  const value = first === 34 ? labelValue(line.slice(from + 1, end - 1)) : line.slice(from, end)
  return addParsed(entry, name, value, wanted) ? end : FOUND_ALL
}

function mayHold(prefix: string, wanted: Wanted): boolean {
  if (wanted === undefined) return true
  for (const name of wanted) if (name.startsWith(`${prefix}_`)) return true
  return false
}
