import { compileRegexp, type Regexp } from '../regexp.ts'
import { fixed, type TemplateFunction } from './function.ts'
import { checkLength, MAX_TEXT } from './limits.ts'
import { int } from './value.ts'

/** How many compiled patterns a template keeps: they nearly always are literals. */
const MAX_KEPT = 50

/** Loki's functions of regular expressions. They keep what they compiled: make them once for a template. */
export function regexpFunctions(): ReadonlyMap<string, TemplateFunction<unknown>> {
  const compiled = new Map<string, Regexp>()
  const compile = (pattern: string): Regexp => {
    const known = compiled.get(pattern)
    if (known !== undefined) return known
    const regexp = compileRegexp(pattern)
    if (compiled.size >= MAX_KEPT) compiled.clear()
    compiled.set(pattern, regexp)
    return regexp
  }
  return new Map([
    [
      'regexReplaceAll',
      fixed(['string', 'string', 'string'], (pattern, text, by) =>
        replaceAllBounded(compile(pattern), text, by),
      ),
    ],
    [
      'regexReplaceAllLiteral',
      fixed(['string', 'string', 'string'], (pattern, text, by) =>
        replaceAllBounded(compile(pattern), text, by.replaceAll('$', '$$$$')),
      ),
    ],
    ['count', fixed(['string', 'string'], (pattern, text) => int(countMatches(compile(pattern), text)))],
  ])
}

const countMatches = (regexp: Regexp, text: string): number =>
  regexp.replaceAll(text, '#').length - regexp.replaceAll(text, '').length

/** Every match replaced. Refuses to make a text that is too long: where it could be, it counts the matches first. */
export function replaceAllBounded(regexp: Regexp, text: string, by: string): string {
  const references = by.split('$').length - 1
  // Each match adds the replacement, and groups of at most itself for each reference.
  const isSafe = by.length * (text.length + 1) + references * text.length <= MAX_TEXT
  if (!isSafe) checkLength(countMatches(regexp, text) * by.length + (references + 1) * text.length)
  return regexp.replaceAll(text, by)
}
