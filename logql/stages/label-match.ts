import { type Matcher } from '../ast.ts'
import { compileMatcher } from '../matchers.ts'
import { type Likeness, type SimpleRegexp, simpleRegexp } from '../regexp/simple.ts'
import { compileRegexp } from '../regexp.ts'

type Test = (text: string) => boolean

/**
 * Whether a value, '' for a label that is not there, passes a label filter. It is not what the same matcher of a
 * selector asks for: simple regular expressions may be anywhere in the value (see `simpleRegexp`), and `.` is no
 * newline. Throws LogqlError (`parse`).
 */
export function compileLabelMatch(matcher: Matcher): Test {
  const { operator, value } = matcher
  if (operator === '=' || operator === '!=') return compileMatcher(matcher)
  const simple = simpleRegexp(value)
  const test = simple === undefined ? compileRegexp(`^(?:${value})$`).test : testOf(simple)
  return operator === '=~' ? test : (text) => !test(text)
}

function testOf({ ways, foldsCase }: SimpleRegexp): Test {
  const tests = ways.map((way) => likenessTest(way, foldsCase))
  const [only] = tests
  const test: Test =
    tests.length === 1 && only !== undefined ? only : (text) => tests.some((like) => like(text))
  return foldsCase ? (text) => test(text.toLowerCase()) : test
}

function likenessTest(way: Likeness, foldsCase: boolean): Test {
  if (way.kind === 'anything') return () => true
  if (way.kind === 'something') return (text) => text !== ''
  const wanted = foldsCase ? way.text.toLowerCase() : way.text
  return way.kind === 'equal' ? (text) => text === wanted : (text) => text.includes(wanted)
}
