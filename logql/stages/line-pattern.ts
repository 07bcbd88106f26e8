import { LogqlError } from '../error.ts'

/**
 * A pattern taken apart: `literals[i]` comes before `captures[i]`; there is one more literal than captures.
 */
export type LinePattern = { literals: readonly string[]; captures: readonly string[] }

const CAPTURE = /<([A-Za-z_][A-Za-z0-9_]*)>/
const UNNAMED = '_'

/** Takes a pattern such as `<ip> - <_> [<time>]` apart. */
export function parsePattern(pattern: string): LinePattern {
  // `split` puts the captures' names between the literals.
  const parts = pattern.split(CAPTURE)
  return {
    literals: parts.filter((_, index) => index % 2 === 0),
    captures: parts.filter((_, index) => index % 2 === 1),
  }
}

/**
 * The pattern of `|>` and `!>`. Throws LogqlError (`parse`) when it names a capture or has two with nothing
 * between them.
 */
export function parseFilterPattern(text: string): LinePattern {
  const pattern = parsePattern(text)
  const refuse = (problem: string): LogqlError =>
    new LogqlError('parse', `invalid pattern "${text}" of a line filter: ${problem}`)
  const named = pattern.captures.find((name) => name !== UNNAMED)
  if (named !== undefined) throw refuse(`named captures are not allowed: <${named}>`)
  if (pattern.literals.slice(1, -1).includes('')) throw refuse('captures must have a text between them')
  return pattern
}

/**
 * The captured texts by their names, from left to right: each goes up to the next literal. Where that literal
 * does not come, the capture takes the rest and the search ends.
 */
export function capture({ literals, captures }: LinePattern, line: string): [string, string][] {
  const [first = ''] = literals
  const found: [string, string][] = []
  if (line === '' || !line.startsWith(first)) return found
  let at = first.length
  for (let index = 0; index < captures.length; index++) {
    const literal = literals[index + 1] ?? ''
    const end = literal === '' ? line.length : line.indexOf(literal, at)
    const name = captures[index] ?? UNNAMED
    if (name !== UNNAMED) found.push([name, line.slice(at, end === -1 ? line.length : end)])
    if (end === -1) return found
    at = end + literal.length
  }
  return found
}

/**
 * Whether the whole line has the form of the pattern: the literals come in their order, the first at the
 * start and the last at the end of the line; a capture at the end is not empty.
 */
export function matchesPattern({ literals, captures }: LinePattern, line: string): boolean {
  let at = 0
  for (const [index, literal] of literals.entries()) {
    if (literal === '') continue
    const found = line.indexOf(literal, at)
    if (found === -1 || (index === 0 && found !== 0)) return false
    at = found + literal.length
  }
  const endsOnCapture = captures.length > 0 && literals.at(-1) === ''
  return endsOnCapture === at < line.length
}
