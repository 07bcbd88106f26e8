import { isPrintable } from '../strings.ts'

const HTML: Readonly<Record<string, string>> = {
  '\0': '\ufffd',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
}

/** A text for HTML, as Go's `HTMLEscapeString` writes it. Pure. */
export const htmlEscape = (text: string): string =>
  text.replace(/[\0"'&<>]/g, (character) => HTML[character] ?? character)

const JS: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
}

const hex = (value: number): string => value.toString(16).toUpperCase().padStart(4, '0')

/** A text for a JavaScript literal, as Go's `JSEscapeString` writes it. Pure. */
export function jsEscape(text: string): string {
  let result = ''
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0
    const isShown = point >= 0x20 && isPrintable(point)
    result += JS[character] ?? (isShown ? character : `\\u${hex(point)}`)
  }
  return result
}

/** A text for a query in a URL, as Go's `url.QueryEscape` writes it. Pure. */
export const queryEscape = (text: string): string =>
  encodeURIComponent(Buffer.from(text).toString())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
