import { LogqlError, type Position } from '../error.ts'
import { type Statement } from './nodes.ts'
import { type Token, type TokenKind } from './token.ts'

/** How deep actions, parentheses and templates may nest. Real ones need a handful. */
export const MAX_DEPTH = 200

/** The parser's position. `variables` are those in scope, by slot. */
export type Reader = {
  readonly name: string
  readonly text: string
  readonly tokens: readonly Token[]
  readonly isFunction: (name: string) => boolean
  readonly templates: Map<string, readonly Statement[]>
  next: number
  variables: string[]
  rangeDepth: number
  depth: number
  /** Where the current action began; undefined outside of actions. */
  actionAt: number | undefined
}

export const positionAt = (text: string, at: number): Position => {
  const before = text.slice(0, at)
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') }
}

/** Refuses the template, in Go's words, at a token (the one last read, unless another is given). */
export function refuse(reader: Reader, message: string, token = reader.tokens[reader.next - 1]): never {
  const position = positionAt(reader.text, token?.at ?? 0)
  throw new LogqlError('parse', `template: ${reader.name}:${position.line}: ${message}`, position)
}

const END: Token = { kind: 'end of file', at: 0, text: 'EOF' }

/** The next token. After the end there is nothing but the end. */
export const peek = (reader: Reader): Token => reader.tokens[reader.next] ?? reader.tokens.at(-1) ?? END

export function take(reader: Reader): Token {
  const token = peek(reader)
  reader.next += 1
  return token
}

export function skipSpace(reader: Reader): void {
  while (peek(reader).kind === 'space') reader.next += 1
}

export function takeSkippingSpace(reader: Reader): Token {
  skipSpace(reader)
  return take(reader)
}

export function peekSkippingSpace(reader: Reader): Token {
  skipSpace(reader)
  return peek(reader)
}

/** The next token must be of that kind. */
export function expect(reader: Reader, kind: TokenKind, context: string): Token {
  const token = takeSkippingSpace(reader)
  if (token.kind !== kind) unexpected(reader, token, context)
  return token
}

export function unexpected(reader: Reader, token: Token, context: string): never {
  if (token.kind !== 'error') refuse(reader, `unexpected ${shown(token)} in ${context}`, token)
  const line = positionAt(reader.text, token.at).line
  const startLine = reader.actionAt === undefined ? line : positionAt(reader.text, reader.actionAt).line
  const started = ` in action started at ${reader.name}:${startLine}`
  const where = token.text.endsWith(' action') ? started.replace(' in action', '') : started
  refuse(reader, startLine !== line ? token.text + where : token.text, token)
}

/** A token as Go's lexer prints it. */
function shown({ kind, text }: Token): string {
  if (kind === 'end of file') return 'EOF'
  if (kind === 'keyword' || kind === 'nil' || kind === 'dot') return `<${text}>`
  const points = [...text]
  return points.length > 10 ? `${JSON.stringify(points.slice(0, 10).join(''))}...` : JSON.stringify(text)
}

/** Runs `parse` one level deeper. */
export function nested<T>(reader: Reader, parse: () => T): T {
  if (reader.depth >= MAX_DEPTH) refuse(reader, 'max expression depth exceeded')
  reader.depth += 1
  const result = parse()
  reader.depth -= 1
  return result
}

/** Brings a variable into scope and answers its slot. */
export function declare(reader: Reader, name: string): number {
  reader.variables.push(name)
  return reader.variables.length - 1
}
