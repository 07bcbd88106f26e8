import { type Matcher } from '../ast.ts'
import { compileMatcher } from '../matchers.ts'
import { type SimpleRegexp, simpleRegexp, type TextTest } from '../regexp/simple.ts'
import { compileRegexp } from '../regexp.ts'

type Test = (text: string) => boolean

/**
 * Whether a value passes a label filter; '' stands for a missing label. It differs from the same matcher in a selector:
 * simple regular expressions match anywhere in the value (see `simpleRegexp`), and `.` does not match a newline. Throws
 * LogqlError (`parse`).
 */
export function compileLabelMatch(matcher: Matcher): Test {
  const { operator, value } = matcher
  if (operator === '=' || operator === '!=') return compileMatcher(matcher)
  const simple = simpleRegexp(value)
  const test = simple === undefined ? compileRegexp(`^(?:${value})$`).test : testOf(simple)
  return operator === '=~' ? test : (text) => !test(text)
}

function testOf({ tests, ignoresCase }: SimpleRegexp): Test {
  const compiled = tests.map((test) => compileTextTest(test, ignoresCase))
  const [only] = compiled
  const test: Test =
    compiled.length === 1 && only !== undefined ? only : (text) => compiled.some((passes) => passes(text))
  return ignoresCase ? (text) => test(text.toLowerCase()) : test
}

function compileTextTest(test: TextTest, ignoresCase: boolean): Test {
  if (test.kind === 'any') return () => true
  if (test.kind === 'not_empty') return (text) => text !== ''
  const wanted = ignoresCase ? test.text.toLowerCase() : test.text
  return test.kind === 'equal' ? (text) => text === wanted : (text) => text.includes(wanted)
}
