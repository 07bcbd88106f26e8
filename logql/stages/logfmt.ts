import { type Stage } from '../ast.ts'
import { LogqlError } from '../error.ts'
import { type Entry, parsedName, setError, setParsed } from './entry.ts'
import { labelName } from './label-name.ts'
import { nextPair, problemOf, scanOf, skipWord } from './logfmt-scan.ts'
import { addParsed, type CompiledStage, hasAllWanted, type Wanted } from './stage.ts'

const LOGFMT_ERROR = 'LogfmtParserErr'
type Logfmt = Extract<Stage, { kind: 'logfmt' }>
/** Takes a pair; answers whether it wants more. */
type Taker = (key: string, value: string) => boolean

/**
 * `logfmt`: each `key=value` is a label; with extractions only those, of which each is also found under its own
 * name. Keys without a value are left out, or kept with '' if `keepEmpty`. Text that is not logfmt is skipped up to the
 * next space; with `--strict` it ends the reading and marks the entry.
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
  const targets = targetsOf(extractions)
  const labels = new Set(extractions.map(({ label }) => label))
  return (entry) => {
    if (hasAllWanted(entry, wanted)) return true
    const found = new Map<string, string>()
    readPairs(entry, strict, (key, value) => {
      const name = labelName(key)
      const label = targets.get(name) ?? name
      if (value !== '' && labels.has(label)) found.set(label, value)
      return true
    })
    for (const label of labels) {
      const [name, value] = [parsedName(entry, label), found.get(label)]
      if (value !== undefined) setParsed(entry, name, value)
      else if (name === label) setParsed(entry, label, '')
    }
    return true
  }
}

const EXPRESSION = /^\s*(?:"([^"\]]*)"|([A-Za-z_][A-Za-z0-9_]*))\s*$/

/**
 * The labels of the extractions by their keys; of two extractions for one label the last counts. A key in the line is
 * compared by the label name that it makes. Throws LogqlError (`parse`) for an invalid key.
 */
function targetsOf(extractions: Logfmt['extractions']): ReadonlyMap<string, string> {
  const keys = new Map<string, string>()
  for (const { label, path } of extractions) {
    const [, quoted, bare] = EXPRESSION.exec(path) ?? []
    const key = quoted ?? bare
    if (key === undefined)
      throw new LogqlError(
        'parse',
        `cannot parse the expression "${path}" of logfmt: expected a name, or one in quotes`,
      )
    keys.set(label, key)
  }
  const targets = new Map<string, string>()
  for (const [label, key] of keys) if (!targets.has(key)) targets.set(key, label)
  return targets
}

/** Reads pairs until one is not taken, or one marked the entry with an error. */
function readPairs(entry: Entry, strict: boolean, take: Taker): void {
  const scan = scanOf(entry.line)
  for (;;) {
    if (nextPair(scan)) {
      // A replacement character stands for invalid UTF-8, which a label value must not have.
      if (!take(scan.key, scan.value.includes('\ufffd') ? '' : scan.value)) return
    } else if (scan.problem === undefined) {
      return
    } else if (strict) {
      setError(entry, LOGFMT_ERROR, problemOf(scan))
      return
    } else {
      skipWord(scan)
    }
  }
}
