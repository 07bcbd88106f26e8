const SIMPLE: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  92: '\\\\',
}

const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u

/** Whether Go shows the code point as it is. */
export const isPrintable = (point: number): boolean => PRINTABLE.test(String.fromCodePoint(point))

const hex = (value: number, length: number): string => value.toString(16).padStart(length, '0')

function escaped(point: number, quote: string, isAscii: boolean): string {
  const character = String.fromCodePoint(point)
  if (character === quote) return `\\${quote}`
  const simple = SIMPLE[point]
  if (simple !== undefined) return simple
  if (isPrintable(point) && (point < 0x80 || !isAscii)) return character
  if (point < 0x20 || point === 0x7f) return `\\x${hex(point, 2)}`
  return point < 0x10000 ? `\\u${hex(point, 4)}` : `\\U${hex(point, 8)}`
}

/** A text as a Go literal with these quotes, as `strconv.Quote` writes it; with `isAscii` as `QuoteToASCII`. Pure. */
export function quoted(text: string, quote: '"' | "'" = '"', isAscii = false): string {
  let result = quote as string
  for (const character of text) result += escaped(character.codePointAt(0) ?? 0, quote, isAscii)
  return result + quote
}

/** Whether a text can stand between backquotes, as `strconv.CanBackquote` says. Pure. */
export const canBackquote = (text: string): boolean => !/[\p{Cc}`\ufeff]/u.test(text.replaceAll('\t', ''))
