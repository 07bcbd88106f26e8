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
  /**
   * The first match: the whole and its groups, undefined for those that took no part. Throws LogqlError (`limit`) for a
   * long text with a large expression.
   */
  exec: (text: string) => (string | undefined)[] | undefined
  /**
   * Every match replaced; `$1`, `${1}` and `${name}` in the replacement are groups, as Go's Expand reads
   * them. Throws LogqlError (`limit`) as `exec` does.
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
  const programSize = compiled.programSize()
  return {
    test: tester(compiled, pattern),
    testWhole: wholeTester(pattern),
    exec(text) {
      const found = exec(text)
      return found === null ? undefined : groupNames.map((_, index) => found[index] ?? undefined)
    },
    replaceAll(text, replacement) {
      checkWork(programSize, text)
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
  const programSize = compiled.programSize()
  return (text) => {
    if (required !== undefined && !text.includes(required)) return null
    const isFast = translated !== undefined && text.length <= translated.maxLength
    if (isFast) return translated.expression.exec(text)
    // Whether there is a match takes a fraction of the time that finding its groups takes.
    if (!compiled.test(text)) return null
    checkWork(programSize, text)
    return compiled.exec(text)
  }
}

/**
 * An expression of 2,006 instructions that stays undecided on a text of 20,000 characters took 3.0 s to find its groups
 * on a busy machine, 75 ns for each instruction and character: this is 7.5 s there.
 */
const MAX_WORK = 100_000_000

/** Refuses a text on which finding groups may take too long: nothing else of this process could go on meanwhile. */
function checkWork(programSize: number, { length }: string): void {
  if (programSize * length > MAX_WORK)
    throw new LogqlError(
      'limit',
      `the regular expression of ${programSize} instructions is too large for a text of ${length} characters: ` +
        'make it shorter, or filter such lines out before',
    )
}

/**
 * The last expressions, up to so many characters: a query compiles each of its own several times, to check it and to
 * use it, and one of 100,000 characters takes 0.3 s.
 */
const MAX_REMEMBERED = 262_144
const remembered = new Map<string, RE2JS>()
let charactersRemembered = 0

function remember(pattern: string, compiled: RE2JS): RE2JS {
  remembered.set(pattern, compiled)
  charactersRemembered += pattern.length
  for (const [oldest] of remembered) {
    if (charactersRemembered <= MAX_REMEMBERED) break
    remembered.delete(oldest)
    charactersRemembered -= oldest.length
  }
  return compiled
}

function compiledBy(pattern: string): RE2JS {
  const known = remembered.get(pattern)
  if (known !== undefined) return known
  try {
    return remember(pattern, RE2JS.compile(pattern))
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
