export type TokenKind =
  | 'text'
  | 'left'
  | 'right'
  | 'space'
  | 'declare'
  | 'assign'
  | 'pipe'
  | '('
  | ')'
  | 'char'
  | 'string'
  | 'rune'
  | 'number'
  | 'bool'
  | 'variable'
  | 'field'
  | 'dot'
  | 'nil'
  | 'identifier'
  | 'keyword'
  | 'error'
  | 'end of file'

/** A piece of a template. `at` is its index in the text, `text` what stands there (for an error: what is wrong). */
export type Token = { kind: TokenKind; at: number; text: string }

const KEYWORDS = new Set([
  'block',
  'break',
  'continue',
  'define',
  'else',
  'end',
  'if',
  'range',
  'template',
  'with',
])

const WORD = /[\p{L}\p{Nd}_]+/uy
const SPACES = /[ \t\r\n]+/y
const QUOTED = /"(?:[^"\\\n]|\\[^\n])*"/y
const RUNE = /'(?:[^'\\\n]|\\[^\n])*'/y
const RAW = /`[^`]*`/y
/** What Go's lexer takes for a number: its parser, not it, says whether it is one. */
const NUMBER =
  /[+-]?(?:0[xX][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][+-]?[\d_]*)?|0[oO][0-7_]*|0[bB][01_]*|[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?[\d_]*)?)i?/y
const TRIM_LEFT = /^-[ \t\r\n]/
const CLOSING = /(?:[ \t\r\n]-)?\}\}/y
const LEADING_SPACE = /[ \t\r\n]*/y
const TERMINATORS = new Set(['', ' ', '\t', '\r', '\n', '.', ',', '|', ':', ')', '('])

const matchAt = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

const endOfWord = (text: string, at: number): number => at + (matchAt(WORD, text, at)?.length ?? 0)

const isTerminated = (text: string, at: number): boolean =>
  TERMINATORS.has(text.charAt(at)) || text.startsWith('}}', at)

/** Splits a template into tokens; the last is `end of file` or `error`. Spaces inside actions are tokens. Pure. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const open = text.indexOf('{{', at)
    const end = open < 0 ? text.length : open
    const trims = open >= 0 && TRIM_LEFT.test(text.slice(open + 2, open + 4))
    const before = trims ? withoutTrailingSpace(text.slice(at, end)) : text.slice(at, end)
    if (before !== '') tokens.push({ kind: 'text', at, text: before })
    if (open < 0) break
    const inside = open + (trims ? 4 : 2)
    const next = text.startsWith('/*', inside) ? comment(text, inside) : action(text, open, inside, tokens)
    if (typeof next !== 'number') return [...tokens, next]
    at = next
  }
  tokens.push({ kind: 'end of file', at: text.length, text: 'EOF' })
  return tokens
}

/** A loop instead of a regular expression: `\s+$` is quadratic on long runs of spaces. */
function withoutTrailingSpace(text: string): string {
  let end = text.length
  while (end > 0 && ' \t\r\n'.includes(text.charAt(end - 1))) end -= 1
  return text.slice(0, end)
}

/** Where the text goes on after the closing delimiter at `at`. */
const afterClosing = (text: string, at: number, closing: string): number => {
  const after = at + closing.length
  return closing.length > 2 ? after + (matchAt(LEADING_SPACE, text, after)?.length ?? 0) : after
}

function comment(text: string, at: number): number | Token {
  const end = text.indexOf('*/', at + 2)
  if (end < 0) return { kind: 'error', at, text: 'unclosed comment' }
  const closing = matchAt(CLOSING, text, end + 2)
  if (closing === undefined) return { kind: 'error', at, text: 'comment ends before closing delimiter' }
  return afterClosing(text, end + 2, closing)
}

/** Puts the tokens of an action behind `tokens`; answers where it ends or what is wrong. */
function action(text: string, open: number, inside: number, tokens: Token[]): number | Token {
  tokens.push({ kind: 'left', at: open, text: '{{' })
  let at = inside
  let depth = 0
  for (;;) {
    const closing = matchAt(CLOSING, text, at)
    if (closing !== undefined) {
      if (depth > 0) return { kind: 'error', at, text: 'unclosed left paren' }
      tokens.push({ kind: 'right', at: at + closing.length - 2, text: '}}' })
      return afterClosing(text, at, closing)
    }
    const token = tokenAt(text, at)
    if (token.kind === 'error') return token
    if (token.kind === '(') depth += 1
    if (token.kind === ')') depth -= 1
    if (depth < 0) return { kind: 'error', at, text: 'unexpected right paren' }
    tokens.push(token)
    at += token.text.length
  }
}

const SINGLE: Readonly<Record<string, TokenKind>> = { '=': 'assign', '|': 'pipe', '(': '(', ')': ')' }

function tokenAt(text: string, at: number): Token {
  const first = text.charAt(at)
  const wrong = (message: string): Token => ({ kind: 'error', at, text: message })
  const token = (kind: TokenKind, value: string | undefined, message = ''): Token =>
    value === undefined ? wrong(message) : { kind, at, text: value }
  const single = SINGLE[first]
  if (single !== undefined) return token(single, first)
  switch (first) {
    case '':
      return wrong('unclosed action')
    case ' ':
    case '\t':
    case '\r':
    case '\n':
      return token('space', spacesAt(text, at))
    case ':':
      return text.startsWith(':=', at) ? token('declare', ':=') : wrong('expected :=')
    case '"':
      return token('string', matchAt(QUOTED, text, at), 'unterminated quoted string')
    case '`':
      return token('string', matchAt(RAW, text, at), 'unterminated raw quoted string')
    case "'":
      return token('rune', matchAt(RUNE, text, at), 'unterminated character constant')
    case '$':
      return named(text, at, 'variable')
    case '.':
      return /\d/.test(text.charAt(at + 1)) ? number(text, at) : named(text, at, 'field')
  }
  if (/[\d+-]/.test(first)) return number(text, at)
  if (endOfWord(text, at) > at) return word(text, at)
  return /[!-~]/.test(first)
    ? token('char', first)
    : wrong(`unrecognized character in action: ${unicode(text, at)}`)
}

/** A run of spaces, but for one that belongs to the trim marker of a closing delimiter. */
function spacesAt(text: string, at: number): string {
  const run = matchAt(SPACES, text, at) ?? ''
  return text.startsWith('-}}', at + run.length) ? run.slice(0, -1) : run
}

function named(text: string, at: number, kind: 'variable' | 'field'): Token {
  const end = endOfWord(text, at + 1)
  if (!isTerminated(text, end)) return badCharacter(text, end)
  const lone = kind === 'variable' ? 'variable' : 'dot'
  return { kind: end === at + 1 ? lone : kind, at, text: text.slice(at, end) }
}

function word(text: string, at: number): Token {
  const end = endOfWord(text, at)
  if (!isTerminated(text, end)) return badCharacter(text, end)
  const value = text.slice(at, end)
  if (value === 'nil') return { kind: 'nil', at, text: value }
  if (value === 'true' || value === 'false') return { kind: 'bool', at, text: value }
  return { kind: KEYWORDS.has(value) ? 'keyword' : 'identifier', at, text: value }
}

function number(text: string, at: number): Token {
  const value = matchAt(NUMBER, text, at) ?? ''
  const end = endOfWord(text, at + value.length)
  if (end > at + value.length || value === '') {
    return { kind: 'error', at, text: `bad number syntax: ${JSON.stringify(text.slice(at, end))}` }
  }
  return { kind: 'number', at, text: value }
}

const badCharacter = (text: string, at: number): Token => ({
  kind: 'error',
  at,
  text: `bad character ${unicode(text, at)}`,
})

/** A character as Go's `%#U` shows it. */
function unicode(text: string, at: number): string {
  const point = text.codePointAt(at) ?? 0
  const name = `U+${point.toString(16).toUpperCase().padStart(4, '0')}`
  return /[\p{C}\p{Z}]/u.test(String.fromCodePoint(point)) && point !== 32
    ? name
    : `${name} '${String.fromCodePoint(point)}'`
}
