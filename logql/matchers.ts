import { type Matcher } from './ast.ts'
import { compileRegexp } from './regexp.ts'
import { type Labels } from './source.ts'

/** Whether a value, '' for a label that is not there, is what the matcher asks for. Throws LogqlError (`parse`). */
export function compileMatcher({ operator, value }: Matcher): (text: string) => boolean {
  if (operator === '=') return (text) => text === value
  if (operator === '!=') return (text) => text !== value
  const regexp = compileRegexp(value)
  return operator === '=~' ? regexp.testWhole : (text) => !regexp.testWhole(text)
}

/** Whether labels match all matchers. Throws LogqlError (`parse`) for a wrong regular expression. */
export function compileMatchers(matchers: readonly Matcher[]): (labels: Labels) => boolean {
  const compiled = matchers.map((matcher) => ({ name: matcher.name, matches: compileMatcher(matcher) }))
  return (labels) => compiled.every(({ name, matches }) => matches(labels.get(name) ?? ''))
}
