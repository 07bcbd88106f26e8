import { type Entry, setError } from './entry.ts'
import { JSON_ERROR } from './json.ts'
import {
  labelValue,
  MALFORMED,
  NO_END_OF_OBJECT,
  problemAt,
  skipSpace,
  stringEnd,
  unescaped,
  valueEnd,
} from './json-scan.ts'
import { labelName } from './label-name.ts'
import { addParsed, type CompiledStage, hasAllWanted, type Wanted } from './stage.ts'

/** The member of a packed line that holds the line as it was; promtail's stage `pack` writes it. */
const PACKED_LINE = '_entry'
/** Loki's words; the 6 is its code for an object. */
const NO_OBJECT = 'expecting json object(6), but it is not'

/**
 * `unpack`: the line is what was packed into it, with the labels that were packed beside it. A JSON object
 * without a packed line stays as it is; anything else is marked.
 */
export const compileUnpack =
  (wanted: Wanted): CompiledStage =>
  (entry) => {
    if (entry.line === '' || hasAllWanted(entry, wanted)) return true
    if (!entry.line.startsWith('{')) {
      setError(entry, JSON_ERROR, NO_OBJECT)
      return true
    }
    const members = new Map<string, string>()
    const end = readTexts(entry.line, members)
    const line = members.get(PACKED_LINE)
    if (end < 0) setError(entry, JSON_ERROR, problemAt(end))
    else if (line !== undefined) unpack(entry, members, line, wanted)
    return true
  }

function unpack(entry: Entry, members: ReadonlyMap<string, string>, line: string, wanted: Wanted): void {
  for (const [key, value] of members) {
    const name = labelName(key)
    if (key !== PACKED_LINE && name !== '') addParsed(entry, name, value, wanted)
  }
  entry.line = line
}

/** Reads the members whose values are texts; answers the place after the object or a negative one. */
function readTexts(line: string, members: Map<string, string>): number {
  let at = skipSpace(line, 1)
  if (at === line.length) return MALFORMED
  while (at < line.length) {
    if (line[at] === '}') return at + 1
    if (line[at] !== '"') return NO_END_OF_OBJECT
    const keyEnd = stringEnd(line, at + 1)
    const colon = keyEnd < 0 ? -1 : skipSpace(line, keyEnd + 1)
    if (line[colon] !== ':') return MALFORMED
    const start = skipSpace(line, colon + 1)
    const end = valueEnd(line, start)
    if (end < 0) return end
    const key = unescaped(line.slice(at + 1, keyEnd)) ?? ''
    if (line[start] === '"') members.set(key, labelValue(line.slice(start + 1, end - 1)))
    at = skipSpace(line, end)
    if (line[at] === ',') at = skipSpace(line, at + 1)
    else if (line[at] !== '}') return NO_END_OF_OBJECT
  }
  return NO_END_OF_OBJECT
}
