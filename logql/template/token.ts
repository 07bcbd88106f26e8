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

/** A token of a template. `at` is its index in the text; `text` is the token itself, or for an error the message. */
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
const TERMINATORS = new Set(['', ' ', '\t', '\r', '\n', '.', ',', '|', ':', ')', '('])

/** What a sticky expression matches at a place. */
export const matchAt = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

const endOfWord = (text: string, at: number): number => at + (matchAt(WORD, text, at)?.length ?? 0)

const isTerminated = (text: string, at: number): boolean =>
  TERMINATORS.has(text.charAt(at)) || text.startsWith('}}', at)

const SINGLE: Readonly<Record<string, TokenKind>> = { '=': 'assign', '|': 'pipe', '(': '(', ')': ')' }

/** The token of an action that begins at a place; one of kind `error` says what is wrong there. */
export function tokenAt(text: string, at: number): Token {
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
