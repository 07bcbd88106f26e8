import { LogqlError } from '../error.ts'

/** A pattern taken apart: `literals[i]` comes before `captures[i]`; there is one more literal than captures. */
export type LinePattern = { literals: readonly string[]; captures: readonly string[] }

const CAPTURE = /<([A-Za-z_][A-Za-z0-9_]*)>/
const UNNAMED = '_'

/** Takes a pattern such as `<ip> - <_> [<time>]` apart. Throws LogqlError (`parse`) in the words of Loki. */
function parsePattern(pattern: string): LinePattern {
  if (pattern === '') throw new LogqlError('parse', 'invalid pattern: empty expression')
  // `split` puts the captures' names between the literals.
  const parts = pattern.split(new RegExp(CAPTURE, 'g'))
  const literals = parts.filter((_, index) => index % 2 === 0)
  const captures = parts.filter((_, index) => index % 2 === 1)
  for (let index = 1; index < captures.length; index++) {
    if (literals[index] !== '') continue
    throw new LogqlError(
      'parse',
      `found consecutive capture '<${captures[index - 1] ?? ''}><${captures[index] ?? ''}>': invalid expression`,
    )
  }
  return { literals, captures }
}

/** The pattern of `| pattern`. Throws LogqlError (`parse`) without a named capture and for a name twice. */
export function parseCapturePattern(pattern: string): LinePattern {
  const parsed = parsePattern(pattern)
  const names = parsed.captures.filter((name) => name !== UNNAMED)
  if (names.length === 0)
    throw new LogqlError('parse', 'invalid pattern parser: at least one capture is required')
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined)
    throw new LogqlError('parse', `invalid pattern parser: duplicate capture name (${repeated}): invalid expression`)
  return parsed
}

/** The pattern of `|>` and `!>`. Throws LogqlError (`parse`) when it names a capture. */
export function parseFilterPattern(pattern: string): LinePattern {
  const parsed = parsePattern(pattern)
  const named = parsed.captures.find((name) => name !== UNNAMED)
  if (named !== undefined)
    throw new LogqlError('parse', `invalid pattern filter: named captures are not allowed: <${named}>`)
  return parsed
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
 * Whether the whole line has the form of the pattern: the literals come in their order, the first at the start
 * and the last at the end of the line; a capture at the end is not empty.
 */
export function isLike({ literals, captures }: LinePattern, line: string): boolean {
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
