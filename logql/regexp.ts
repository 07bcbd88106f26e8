import { RE2JS } from 're2js'
import { LogqlError } from './error.ts'

/** A compiled regular expression with Go's meaning (RE2): no text makes it run longer than linear time. */
export type Regexp = {
  /** Whether some part of the text matches. */
  test: (text: string) => boolean
  /** Whether the whole text matches, as label matchers want it. */
  testWhole: (text: string) => boolean
  /** The first match: the whole and its groups, undefined for those that took no part. */
  exec: (text: string) => (string | undefined)[] | undefined
  /** Every match replaced; `$1`, `${1}` and `${name}` in the replacement are groups, as Go's Expand reads them. */
  replaceAll: (text: string, replacement: string) => string
  /** The names of the groups by their number; unnamed ones are ''. Entry 0 is the whole match. */
  groupNames: readonly string[]
}

/** Compiles a pattern. Throws LogqlError (`parse`) with the cause in a sentence. */
export function compileRegexp(pattern: string): Regexp {
  const compiled = compiledBy(pattern)
  const groupNames = Array<string>(compiled.groupCount() + 1).fill('')
  for (const [name, index] of Object.entries(compiled.namedGroups())) groupNames[Number(index)] = name
  return {
    test: (text) => compiled.test(text),
    testWhole: (text) => compiled.testExact(text),
    exec(text) {
      const found = compiled.exec(text)
      return found === null ? undefined : groupNames.map((_, index) => found[index])
    },
    replaceAll(text, replacement) {
      const matcher = compiled.matcher(text)
      let result = ''
      let at = 0
      let isFirst = true
      while (matcher.find()) {
        // Go leaves out an empty match where the one before it ended.
        if (!isFirst && matcher.start() === at && matcher.end() === at) continue
        isFirst = false
        result += text.slice(at, matcher.start())
        result += expand(replacement, groupNames, (index) => matcher.group(index) ?? '')
        at = matcher.end()
      }
      return result + text.slice(at)
    },
    groupNames,
  }
}

function compiledBy(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    throw new LogqlError('parse', error instanceof Error ? error.message : String(error))
  }
}

const REFERENCE = /\$(?:\$|\{(\w+)\}|(\w+))/g

/**
 * Puts groups into a replacement as Go's `Regexp.Expand` does: a name is the longest run of letters, digits
 * and `_`; a group that is not there is empty; `$$` is a `$`. Pure.
 */
export const expand = (
  replacement: string,
  groupNames: readonly string[],
  group: (index: number) => string,
): string =>
  replacement.replace(REFERENCE, (_, braced: string | undefined, bare: string | undefined) => {
    const name = braced ?? bare
    if (name === undefined) return '$'
    const index = /^\d+$/.test(name) ? Number(name) : groupNames.indexOf(name)
    return index >= 0 && index < groupNames.length ? group(index) : ''
  })
