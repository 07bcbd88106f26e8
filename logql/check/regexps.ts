import { type Matcher } from '../ast.ts'
import { LogqlError } from '../error.ts'
import { parseError } from '../parse/parse-error.ts'
import { compileRegexp } from '../regexp.ts'

/** Refuses a matcher with a wrong regular expression. Throws LogqlError (`parse`). */
export function checkMatcher({ operator, value }: Matcher): void {
  if (operator === '=~' || operator === '!~') checkRegexp(value, '')
}

/** Refuses a `label_replace` with a wrong regular expression. Throws LogqlError (`parse`). */
export const checkLabelReplace = (pattern: string): void =>
  checkRegexp(pattern, 'invalid regex in label_replace: ')

function checkRegexp(pattern: string, context: string): void {
  try {
    compileRegexp(pattern)
  } catch (error) {
    throw error instanceof LogqlError ? parseError(context + error.message) : error
  }
}
