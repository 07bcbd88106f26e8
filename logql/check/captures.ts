import { LogqlError } from '../error.ts'
import { parseError } from '../parse/parse-error.ts'
import { compileRegexp } from '../regexp.ts'

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/
/** The compiler's message for a name that two groups have. */
const DUPLICATE = /duplicate capture group name: `(\w+)`/

/**
 * Refuses a `regexp` stage whose expression is invalid, has no named group, or has a name twice or one that is not a label
 * name. Throws LogqlError (`parse`).
 */
export function checkRegexpStage(pattern: string): void {
  const refuse = (problem: string): LogqlError => parseError(`invalid regexp parser: ${problem}`)
  const names = groupNames(pattern, refuse).filter((name) => name !== '')
  if (names.length === 0) throw refuse('at least one named capture must be supplied')
  const wrong = names.find((name) => !LABEL_NAME.test(name))
  if (wrong !== undefined) throw refuse(`invalid extracted label name '${wrong}'`)
}

function groupNames(pattern: string, refuse: (problem: string) => LogqlError): readonly string[] {
  try {
    return compileRegexp(pattern).groupNames
  } catch (error) {
    if (!(error instanceof LogqlError)) throw error
    const twice = DUPLICATE.exec(error.message)?.[1]
    throw refuse(twice === undefined ? error.message : `duplicate extracted label name '${twice}'`)
  }
}

const CAPTURE = /<([a-zA-Z_][a-zA-Z0-9_]*)>/g

/**
 * Refuses a `pattern` stage without a named capture, or with two captures side by side or of one name.
 * Throws LogqlError (`parse`).
 */
export function checkPatternStage(pattern: string): void {
  const refuse = (problem: string): LogqlError => parseError(`invalid pattern parser: ${problem}`)
  const captures = [...pattern.matchAll(CAPTURE)]
  const names = captures.map(([, name]) => name).filter((name) => name !== '_')
  if (names.length === 0) throw refuse('at least one capture is required')
  captures.forEach((capture, index) => {
    const next = captures[index + 1]
    if (next !== undefined && capture.index + capture[0].length === next.index)
      throw refuse(`found consecutive capture '${capture[0]}${next[0]}': invalid expression`)
  })
  const seen = new Set<string | undefined>()
  const twice = names.find((name) => seen.has(name) || !seen.add(name))
  if (twice !== undefined) throw refuse(`duplicate capture name (${twice}): invalid expression`)
}
