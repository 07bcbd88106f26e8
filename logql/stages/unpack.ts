import { type Entry, setError } from './entry.ts'
import { JSON_ERROR } from './json.ts'
import { nextMember, objectScan } from './json-object.ts'
import { labelValue, problemAt, valueEnd } from './json-scan.ts'
import { labelName } from './label-name.ts'
import { addParsed, type CompiledStage, hasAllWanted, type Wanted } from './stage.ts'

/** The member of a packed line that holds the line as it was; promtail's stage `pack` writes it. */
const PACKED_LINE = '_entry'
/** Loki's words; the 6 is its code for an object. */
const NO_OBJECT = 'expecting json object(6), but it is not'

/**
 * `unpack`: the line becomes the packed one, and the packed labels become parsed ones. A JSON object without a packed line
 * stays unchanged; any other line is marked.
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
  const scan = objectScan(line, 1)
  while (nextMember(scan)) {
    const start = scan.at
    scan.at = valueEnd(line, start)
    if (scan.at < 0) break
    if (line.charCodeAt(start) === 34) members.set(scan.key, labelValue(line.slice(start + 1, scan.at - 1)))
  }
  return scan.at
}
