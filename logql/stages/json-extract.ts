import { type Extraction } from '../ast.ts'
import { type Entry, labelOf, parsedName, setError, setParsed } from './entry.ts'
import { JSON_ERROR } from './json.ts'
import { type PathNode, pathTree } from './json-path.ts'
import { isSpace, labelValue, problemAt, skipSpace, stringEnd, unescaped, valueEnd } from './json-scan.ts'
import { type CompiledStage, hasAllWanted, type Wanted } from './stage.ts'

/** A search in one line: the values found so far by the number of their extraction. */
type Search = { line: string; found: (string | undefined)[]; missing: number; problem: string | undefined }

/** The search need not go on: it has everything, or the line ends in the middle of something. */
const STOP = -1

/**
 * `json label="path"`: only the values at these paths, each first one. A value that is not there is ''. The
 * rest of the line is not checked, and what is behind the last value not even looked at. Throws LogqlError
 * (`parse`) for an invalid path.
 */
export function compileJsonExtract(extractions: readonly Extraction[], wanted: Wanted): CompiledStage {
  const tree = pathTree(extractions.map(({ path }) => path))
  const labels = extractions.map(({ label }) => label)
  return (entry) => {
    const { line } = entry
    if (line === '' || hasAllWanted(entry, wanted)) return true
    const first = line.charCodeAt(0)
    if (first !== 123 && first !== 91 && first !== 34) {
      setError(entry, JSON_ERROR, '')
      return true
    }
    const search: Search = { line, found: Array(labels.length), missing: labels.length, problem: undefined }
    if (first === 123) searchObject(search, 1, tree)
    else if (first === 91) searchArray(search, 1, tree)
    setFound(entry, labels, search)
    return true
  }
}

function setFound(entry: Entry, labels: readonly string[], { found, problem }: Search): void {
  if (problem !== undefined) setError(entry, JSON_ERROR, problem)
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index] ?? ''
    const value = found[index]
    if (value !== undefined) setParsed(entry, parsedName(entry, label), value)
    else if (labelOf(entry, label) === undefined) setParsed(entry, label, '')
  }
}

/** Searches the members from the place after `{`; answers the place after `}`, or STOP. */
function searchObject(search: Search, from: number, node: PathNode): number {
  const { line } = search
  let at = from
  while (at < line.length) {
    const code = line.charCodeAt(at)
    if (code === 34) at = searchMember(search, at, node)
    else if (code === 125) return at + 1
    else if (code === 123 || code === 91) at = valueEnd(line, at)
    else at++
    if (at < 0) return STOP
  }
  return STOP
}

/** Goes past the member that begins at `from`, and past plain ones before it that nobody wants. */
function searchMember(search: Search, from: number, node: PathNode): number {
  const { line } = search
  const { passing } = node
  passing.lastIndex = from
  passing.test(line)
  const passed = passing.lastIndex
  const keyEnd = passed > from ? wantedKeyEnd(line, passed) : undefined
  if (keyEnd !== undefined) {
    const member = memberBefore(node, line, keyEnd)
    return member === undefined ? valueEnd(line, passed) : take(search, passed, member)
  }
  return line.charCodeAt(passed) === 34 ? searchNextMember(search, passed, node) : passed
}

function searchNextMember(search: Search, from: number, node: PathNode): number {
  const { line } = search
  const keyEnd = stringEnd(line, from + 1)
  if (keyEnd < 0) return STOP
  const colon = skipSpace(line, keyEnd + 1)
  if (line.charCodeAt(colon) !== 58) return keyEnd + 1
  const valueStart = skipSpace(line, colon + 1)
  const member = memberOf(node, line, from + 1, keyEnd)
  return member === undefined ? valueEnd(line, valueStart) : take(search, valueStart, member)
}

/**
 * The place of the quote after the key whose value begins at `valueStart`; undefined when no key is before
 * it.
 */
function wantedKeyEnd(line: string, valueStart: number): number | undefined {
  const colon = lastBefore(line, valueStart)
  return line.charCodeAt(colon) === 58 ? lastBefore(line, colon) : undefined
}

/** The last place before this one that is not white space. */
function lastBefore(line: string, end: number): number {
  let at = end - 1
  while (isSpace(line.charCodeAt(at))) at--
  return at
}

/** The member whose key, without escapes, ends before the quote at `keyEnd`. */
function memberBefore({ names, members }: PathNode, line: string, keyEnd: number): PathNode | undefined {
  for (let index = 0; index < names.length; index++) {
    const name = names[index] ?? ''
    const start = keyEnd - name.length
    if (line.startsWith(name, start) && line.charCodeAt(start - 1) === 34) return members[index]
  }
  return undefined
}

function memberOf(
  { names, members }: PathNode,
  line: string,
  start: number,
  end: number,
): PathNode | undefined {
  const key = unescaped(line.slice(start, end))
  return key === undefined ? undefined : members[names.indexOf(key)]
}

/** Searches the items from the place after `[`; answers the place after `]`, or STOP. */
function searchArray(search: Search, from: number, node: PathNode): number {
  const { line } = search
  let index = 0
  for (let at = skipSpace(line, from); at < line.length; index++) {
    if (line.charCodeAt(at) === 93) return at + 1
    const item = node.items.get(index)
    at = item === undefined ? valueEnd(line, at) : take(search, at, item)
    if (at < 0) return STOP
    at = skipSpace(line, at)
    if (line.charCodeAt(at) === 44) at = skipSpace(line, at + 1)
    else if (line.charCodeAt(at) !== 93) return STOP
  }
  return STOP
}

/** Takes the value at `from` if a path ends here, and searches in it if a path goes on. */
function take(search: Search, from: number, node: PathNode): number {
  const { line } = search
  const first = line.charCodeAt(from)
  const within =
    first === 123 && node.names.length > 0
      ? searchObject
      : first === 91 && node.items.size > 0
        ? searchArray
        : undefined
  if (node.extractions.length === 0) return within?.(search, from + 1, node) ?? valueEnd(line, from)
  const end = valueEnd(line, from)
  if (end < 0) {
    search.problem = problemAt(end)
    return STOP
  }
  for (const extraction of node.extractions) {
    if (search.found[extraction] !== undefined) continue
    search.found[extraction] = valueText(line, from, end)
    if (--search.missing === 0) return STOP
  }
  return within !== undefined && within(search, from + 1, node) < 0 ? STOP : end
}

function valueText(line: string, from: number, end: number): string {
  const first = line.charCodeAt(from)
  if (first === 34) return labelValue(line.slice(from + 1, end - 1))
  const text = line.slice(from, end)
  if (first === 123) return text
  // As in Loki, escapes inside arrays are resolved, too.
  return first === 91 ? labelValue(text) : text === 'null' ? '' : text
}
