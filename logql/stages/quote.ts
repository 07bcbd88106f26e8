const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}
const hexadecimal = (code: number, digits: number): string => code.toString(16).padStart(digits, '0')

/** A text in quotes as Go's `strconv.Quote` writes it: what cannot be printed is escaped. */
export const quote = (text: string): string =>
  `"${text.replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (character) => {
    const escape = ESCAPES[character]
    if (escape !== undefined) return escape
    const code = character.codePointAt(0) ?? 0
    if (code < 0x80) return `\\x${hexadecimal(code, 2)}`
    return code > 0xffff ? `\\U${hexadecimal(code, 8)}` : `\\u${hexadecimal(code, 4)}`
  })}"`

/** A text in quotes as the errors of Go's package `time` write it: whatever is not printable ASCII as its bytes. */
export const durationQuote = (text: string): string =>
  `"${text.replace(/["\\]|[^ -\x7f]+/gu, (part) =>
    part === '"' || part === '\\'
      ? `\\${part}`
      : Array.from(Buffer.from(part), (byte) => `\\x${hexadecimal(byte, 2)}`).join(''),
  )}"`
