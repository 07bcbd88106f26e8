import { RE2JS } from 're2js'
import { LogqlError } from './error.ts'
import { requiredText, translate } from './regexp/translate.ts'

/** A compiled regular expression with Go's meaning (RE2): no text makes it run longer than linear time. */
export type Regexp = {
  /** Whether some part of the text matches. */
  test: (text: string) => boolean
  /**
   * Whether the whole text matches, as label matchers want it; `.` is a newline, too, as Prometheus has it.
   */
  testWhole: (text: string) => boolean
  /** The first match: the whole and its groups, undefined for those that took no part. */
  exec: (text: string) => (string | undefined)[] | undefined
  /**
   * Every match replaced; `$1`, `${1}` and `${name}` in the replacement are groups, as Go's Expand reads
   * them.
   */
  replaceAll: (text: string, replacement: string) => string
  /** The names of the groups by their number; unnamed ones are ''. Entry 0 is the whole match. */
  groupNames: readonly string[]
}

/** Compiles a pattern. Throws LogqlError (`parse`) with the cause in a sentence. */
export function compileRegexp(pattern: string): Regexp {
  const compiled = compiledBy(pattern)
  const groupNames = Array<string>(compiled.groupCount() + 1).fill('')
  for (const [name, index] of Object.entries(compiled.namedGroups())) groupNames[Number(index)] = name
  const exec = executor(compiled, pattern)
  return {
    test: tester(compiled, pattern),
    testWhole: wholeTester(pattern),
    exec(text) {
      const found = exec(text)
      return found === null ? undefined : groupNames.map((_, index) => found[index] ?? undefined)
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

// RE2JS takes linear time, but some thirty times that of JavaScript's engine on a line of a log. The latter
// is used where it means the same and cannot take long; and a text that lacks what every match has is never
// tried.

function tester(compiled: RE2JS, pattern: string): Regexp['test'] {
  const required = requiredText(pattern)
  const translated = translate(pattern, false)
  const test: Regexp['test'] =
    translated === undefined
      ? (text) => compiled.test(text)
      : (text) =>
          text.length <= translated.maxLength ? translated.expression.test(text) : compiled.test(text)
  return required === undefined ? test : (text) => text.includes(required) && test(text)
}

function wholeTester(pattern: string): Regexp['testWhole'] {
  const translated = translate(pattern, true)
  let compiled: RE2JS | undefined
  return (text) => {
    if (translated !== undefined && text.length <= translated.maxLength)
      return translated.expression.test(text)
    compiled ??= compiledBy(`(?s:${pattern})`)
    return compiled.testExact(text)
  }
}

type Match = readonly (string | null | undefined)[] | null

function executor(compiled: RE2JS, pattern: string): (text: string) => Match {
  const required = requiredText(pattern)
  const translated = translate(pattern, false)
  return (text) => {
    if (required !== undefined && !text.includes(required)) return null
    const isFast = translated !== undefined && text.length <= translated.maxLength
    return isFast ? translated.expression.exec(text) : compiled.exec(text)
  }
}

function compiledBy(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    throw new LogqlError('parse', error instanceof Error ? error.message : String(error))
  }
}

const REFERENCE = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu

/**
 * Puts groups into a replacement as Go's `Regexp.Expand` does: a name is the longest run of letters, digits
 * and `_`; a group that is not there (or is written `01`) is empty; `$$` is a `$`. Pure.
 */
export const expand = (
  replacement: string,
  groupNames: readonly string[],
  group: (index: number) => string,
): string =>
  replacement.replace(REFERENCE, (_, braced: string | undefined, bare: string | undefined) => {
    const name = braced ?? bare
    if (name === undefined) return '$'
    const index = /^(?:0|[1-9]\d*)$/.test(name) ? Number(name) : groupNames.indexOf(name)
    return index >= 0 && index < groupNames.length ? group(index) : ''
  })
