import { parseNumber } from '../values.ts'

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  "'": 39,
  '"': 34,
}

const ESCAPE = /\\(?:([abfnrtv\\'"])|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3}))/y

/** Where an escape ends, its byte or its character. */
type Escaped = { end: number; byte: number | undefined; point: number }

function escapeAt(body: string, at: number, quote: string): Escaped | undefined {
  ESCAPE.lastIndex = at
  const found = ESCAPE.exec(body)
  if (found === null) return undefined
  const [whole, simple, hex, short, long, octal] = found
  const end = at + whole.length
  if (simple !== undefined) {
    if ((simple === '"' || simple === "'") && simple !== quote) return undefined
    return { end, byte: undefined, point: SIMPLE_ESCAPES[simple] ?? 0 }
  }
  if (hex !== undefined || octal !== undefined) {
    const byte = hex === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(hex, 16)
    return byte > 255 ? undefined : { end, byte, point: byte }
  }
  const point = Number.parseInt(short ?? long ?? '', 16)
  const valid = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff)
  return valid ? { end, byte: undefined, point } : undefined
}

/** The text of a Go string literal (`"…"` or `` `…` ``); undefined for an invalid one. Invalid UTF-8 becomes U+FFFD. Pure. */
export function unquote(literal: string): string | undefined {
  const body = literal.slice(1, -1)
  if (literal.startsWith('`')) return body.replaceAll('\r', '')
  if (!body.includes('\\')) return body
  const parts: Buffer[] = []
  let at = 0
  while (at < body.length) {
    const next = body.indexOf('\\', at)
    if (next < 0 || next > at) {
      const end = next < 0 ? body.length : next
      parts.push(Buffer.from(body.slice(at, end)))
      at = end
      continue
    }
    const escaped = escapeAt(body, at, '"')
    if (escaped === undefined) return undefined
    const { byte, point } = escaped
    parts.push(byte === undefined ? Buffer.from(String.fromCodePoint(point)) : Buffer.from([byte]))
    at = escaped.end
  }
  return Buffer.concat(parts).toString()
}

/** The code point of a Go character literal (`'a'`, `'\n'`); undefined when it is none. Pure. */
export function unquoteRune(literal: string): number | undefined {
  const body = literal.slice(1, -1)
  if (body.startsWith('\\')) {
    const escaped = escapeAt(body, 0, "'")
    return escaped?.end === body.length ? escaped.point : undefined
  }
  const point = body.codePointAt(0)
  return point !== undefined && body === String.fromCodePoint(point) ? point : undefined
}

/** `_` may stand only between digits or after a base prefix, as in Go. */
const UNDERSCORES = /^[+-]?(?:0[xXoObB]_?)?[\da-fA-F]+(?:_[\da-fA-F]+)*$/
/** Longer numbers are none: reading them would take long, and no type holds them. */
const MAX_DIGITS = 400

/** An integer literal with Go's prefixes (`0x`, `0o`, `0b`, a leading 0 for octal) and any size; undefined when it is none. Pure. */
export function parseInteger(text: string): bigint | undefined {
  if (text.length > MAX_DIGITS || (text.includes('_') && !UNDERSCORES.test(text))) return undefined
  const plain = text.replaceAll('_', '')
  const found = /^([+-]?)(?:(0[xX][\da-fA-F]+)|(0[bB][01]+)|0[oO]?([0-7]+)|(0|[1-9]\d*))$/.exec(plain)
  if (found === null) return undefined
  const [, sign, hex, binary, octal, decimal] = found
  const digits = octal === undefined ? (hex ?? binary ?? decimal ?? '') : `0o${octal}`
  const value = BigInt(digits)
  return sign === '-' ? -value : value
}

const INT64_MAX = 2n ** 63n - 1n
export const isInt64 = (value: bigint): boolean => value <= INT64_MAX && value >= -INT64_MAX - 1n

const UINT64_MAX = 2n ** 64n - 1n

/**
 * The number a literal stands for, as an integer where it is one that fits in 64 bits (`1e3` is), and as a
 * float; or what is wrong with it. Pure.
 */
export function parseNumberLiteral(
  text: string,
): { integer: bigint | undefined; float: number | undefined } | { problem: string } {
  if (text.startsWith("'")) {
    const point = unquoteRune(text)
    return point === undefined
      ? { problem: `malformed character constant: ${text}` }
      : { integer: BigInt(point), float: point }
  }
  const integer = parseInteger(text)
  if (integer !== undefined) {
    if (integer > UINT64_MAX || integer < -UINT64_MAX)
      return { problem: `integer overflow: ${JSON.stringify(text)}` }
    return { integer: isInt64(integer) ? integer : undefined, float: Number(integer) }
  }
  const float = /[.eEpP]/.test(text) ? parseNumber(text).value : undefined
  if (float === undefined) {
    return { problem: `illegal number syntax: ${JSON.stringify(text)}` }
  }
  const isWhole = Number.isInteger(float) && Math.abs(float) < 2 ** 63
  return { integer: isWhole ? BigInt(float) : undefined, float }
}
