import { LogqlError } from '../error.ts'
import { compileRegexp } from '../regexp.ts'
import { labelName } from './label-name.ts'
import { capture, parseCapturePattern } from './line-pattern.ts'
import { addParsed, type CompiledStage, hasAllWanted, type Wanted } from './stage.ts'

/**
 * `pattern`: each named capture is a label. Throws LogqlError (`parse`) for a pattern that names none, one
 * twice, or has two captures with nothing between them.
 */
export function compilePattern(text: string, wanted: Wanted): CompiledStage {
  const pattern = parseCapturePattern(text)
  return (entry) => {
    if (hasAllWanted(entry, wanted)) return true
    for (const [name, value] of capture(pattern, entry.line)) addParsed(entry, name, value, wanted)
    return true
  }
}

/**
 * `regexp`: each named group of the first match is a label, '' when it took no part. Throws LogqlError
 * (`parse`) for a pattern that is wrong, names no group, or one twice.
 */
export function compileRegexpParser(pattern: string, wanted: Wanted): CompiledStage {
  const regexp = compileRegexp(pattern)
  const names = regexp.groupNames.map((name) => labelName(name))
  const used = names.filter((name) => name !== '')
  if (used.length === 0)
    throw new LogqlError('parse', 'invalid regexp parser: at least one named capture must be supplied')
  const repeated = used.find((name, index) => used.indexOf(name) !== index)
  if (repeated !== undefined)
    throw new LogqlError('parse', `invalid regexp parser: duplicate extracted label name '${repeated}'`)
  return (entry) => {
    if (hasAllWanted(entry, wanted)) return true
    const groups = regexp.exec(entry.line)
    if (groups === undefined) return true
    names.forEach((name, index) => {
      if (name !== '') addParsed(entry, name, groups[index] ?? '', wanted)
    })
    return true
  }
}
