import { type LineFilter, type LineTerm } from '../ast.ts'
import { compileRegexp } from '../regexp.ts'
import { compileIpMatch } from './ip.ts'
import { matchesPattern, parseFilterPattern } from './line-pattern.ts'

/**
 * Whether a line passes the filter: one of the terms matches, or for `!=`, `!~` and `!>` none of them. Throws LogqlError
 * (`parse`) for an invalid regular expression, pattern or address.
 */
export function compileLineFilter({ operator, terms }: LineFilter): (line: string) => boolean {
  const tests = terms.map((term) => compileTerm(operator, term))
  const [first] = tests
  const isNegative = operator.startsWith('!')
  if (tests.length === 1 && first !== undefined && !isNegative) return first
  return (line) => tests.some((test) => test(line)) !== isNegative
}

function compileTerm(operator: LineFilter['operator'], { text, isIp }: LineTerm): (line: string) => boolean {
  if (isIp) return compileIpMatch(text)
  switch (operator) {
    case '|=':
    case '!=':
      return (line) => line.includes(text)
    case '|~':
    case '!~':
      return compileRegexp(text).test
    case '|>':
    case '!>': {
      const pattern = parseFilterPattern(text)
      return (line) => matchesPattern(pattern, line)
    }
  }
}
