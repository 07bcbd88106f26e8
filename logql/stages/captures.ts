import { checkPatternStage, checkRegexpStage } from '../check/captures.ts'
import { compileRegexp } from '../regexp.ts'
import { capture, parsePattern } from './line-pattern.ts'
import { addParsed, type CompiledStage, hasAllWanted, type Wanted } from './stage.ts'

/**
 * `pattern`: each named capture is a label. Throws LogqlError (`parse`) for a pattern that names none, one
 * twice, or has two captures with nothing between them.
 */
export function compilePattern(text: string, wanted: Wanted): CompiledStage {
  checkPatternStage(text)
  const pattern = parsePattern(text)
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
  checkRegexpStage(pattern)
  const regexp = compileRegexp(pattern)
  return (entry) => {
    if (hasAllWanted(entry, wanted)) return true
    const groups = regexp.exec(entry.line)
    if (groups === undefined) return true
    regexp.groupNames.forEach((name, index) => {
      if (name !== '') addParsed(entry, name, groups[index] ?? '', wanted)
    })
    return true
  }
}
