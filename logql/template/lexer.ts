import { matchAt, type Token, tokenAt } from './token.ts'

const TRIM_LEFT = /^-[ \t\r\n]/
const CLOSING = /(?:[ \t\r\n]-)?\}\}/y
const LEADING_SPACE = /[ \t\r\n]*/y

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

/** Where the text continues after the closing delimiter at `at`. */
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
