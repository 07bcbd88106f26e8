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
}

const RUNE_ESCAPE = /^\\(?:([abfnrtv\\'])|x([\da-fA-F]{2})|([0-7]{3})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))$/

/** The code point of a Go character literal (`'a'`, `'\n'`); undefined for an invalid one. Pure. */
export function unquoteRune(literal: string): number | undefined {
  const body = literal.slice(1, -1)
  const [, simple, hex, octal, short, long] = RUNE_ESCAPE.exec(body) ?? []
  if (simple !== undefined) return SIMPLE_ESCAPES[simple]
  if (hex !== undefined) return Number.parseInt(hex, 16)
  if (octal !== undefined) return octal <= '377' ? Number.parseInt(octal, 8) : undefined
  const digits = short ?? long
  const point = digits === undefined ? body.codePointAt(0) : Number.parseInt(digits, 16)
  const isCharacter = point !== undefined && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff)
  return isCharacter && (digits !== undefined || body === String.fromCodePoint(point)) ? point : undefined
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
