import { type Stage } from '../ast.ts'
import { type Entry, labelOf, parsedName, setError, setParsed } from './entry.ts'
import { labelName } from './label-name.ts'
import { nextPair, problemOf, scanOf, skipWord } from './logfmt-scan.ts'
import { addParsed, type CompiledStage, hasAllWanted, type Wanted } from './stage.ts'

const LOGFMT_ERROR = 'LogfmtParserErr'
type Logfmt = Extract<Stage, { kind: 'logfmt' }>
/** Takes a pair; answers whether it wants more. */
type Taker = (key: string, value: string) => boolean

/**
 * `logfmt`: each `key=value` is a label; with extractions only those. Keys without a value are left out
 * unless they are kept with ''. What is no logfmt is passed over up to the next space; with `--strict` it
 * ends the reading and marks the entry.
 */
export function compileLogfmt({ strict, keepEmpty, extractions }: Logfmt, wanted: Wanted): CompiledStage {
  if (extractions.length === 0)
    return (entry) => {
      if (hasAllWanted(entry, wanted)) return true
      readPairs(entry, strict, (key, value) => {
        if (value === '' && !keepEmpty) return true
        const name = labelName(key)
        return name === '' || addParsed(entry, name, value, wanted)
      })
      return true
    }
  return (entry) => {
    if (hasAllWanted(entry, wanted)) return true
    const found = new Map<string, string>()
    const isRead = readPairs(entry, strict, (key, value) => {
      if (!found.has(key)) found.set(key, value)
      return true
    })
    if (!isRead) return true
    for (const { label, path } of extractions) {
      const value = found.get(path) ?? ''
      if (value !== '') setParsed(entry, parsedName(entry, label), value)
      else if (labelOf(entry, label) === undefined) setParsed(entry, label, '')
    }
    return true
  }
}

/** Reads pairs until one is not taken; false when it marked the entry with an error. */
function readPairs(entry: Entry, strict: boolean, take: Taker): boolean {
  const scan = scanOf(entry.line)
  for (;;) {
    if (nextPair(scan)) {
      // A replacement character stands for broken UTF-8, which is no value of a label.
      if (!take(scan.key, scan.value.includes('\ufffd') ? '' : scan.value)) return true
    } else if (scan.problem === undefined) {
      return true
    } else if (strict) {
      setError(entry, LOGFMT_ERROR, problemOf(scan))
      return false
    } else {
      skipWord(scan)
    }
  }
}
