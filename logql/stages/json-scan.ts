// A JSON scanner as lenient as Loki's: it goes from left to right and does not check values that nobody asks for. A place
// is an index into the text; a negative one is a problem, a key of PROBLEMS.

const NO_END_OF_STRING = -1
export const NO_END_OF_ARRAY = -2
export const NO_END_OF_OBJECT = -3
const UNKNOWN_TYPE = -4
export const MALFORMED = -5
export const WRONG_ESCAPE = -6

/** What Loki says of each problem; its JSON scanner (jsonparser) has these words. */
const PROBLEMS: ReadonlyMap<number, string> = new Map([
  [NO_END_OF_STRING, `Value is string, but can't find closing '"' symbol`],
  [NO_END_OF_ARRAY, "Value is array, but can't find closing ']' symbol"],
  [NO_END_OF_OBJECT, "Value looks like object, but can't find closing '}' symbol"],
  [UNKNOWN_TYPE, 'Unknown value type'],
  [MALFORMED, 'Malformed JSON error'],
  [WRONG_ESCAPE, 'Encountered an invalid escape sequence in a string'],
])
/** The words for a negative place. */
export const problemAt = (place: number): string => PROBLEMS.get(place) ?? ''

const QUOTE = 34
const BACKSLASH = 92

/** White space of JSON. */
export const isSpace = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9

/** The next place that is not white space; the text's length when there is none. */
export function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && isSpace(text.charCodeAt(at))) at++
  return at
}

/**
 * The place of the quote that ends the string whose first character is at `from`; negative when there is
 * none.
 */
export function stringEnd(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 1)) {
    let before = at - 1
    while (before >= from && text.charCodeAt(before) === BACKSLASH) before--
    if ((at - before) % 2 === 1) return at
  }
  return NO_END_OF_STRING
}

/** The place after the bracket that closes the one at `from`, or -1. Brackets of other kinds do not count. */
function blockEnd(text: string, from: number, open: number, close: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = stringEnd(text, at + 1)
      if (at < 0) return -1
    } else if (code === open) {
      depth++
    } else if (code === close && --depth === 0) {
      return at + 1
    }
  }
  return -1
}

/** The place after the value that begins at `from`. Numbers are not checked. */
export function valueEnd(text: string, from: number): number {
  if (from >= text.length) return MALFORMED
  const first = text.charCodeAt(from)
  if (first === QUOTE) {
    const end = stringEnd(text, from + 1)
    return end < 0 ? end : end + 1
  }
  if (first === 123) return orProblem(blockEnd(text, from, 123, 125), NO_END_OF_OBJECT)
  if (first === 91) return orProblem(blockEnd(text, from, 91, 93), NO_END_OF_ARRAY)
  const end = tokenEnd(text, from)
  const isNumber = (first >= 48 && first <= 57) || first === 45
  return isNumber || isLiteral(text, from, end) ? end : UNKNOWN_TYPE
}

const orProblem = (place: number, problem: number): number => (place < 0 ? problem : place)

function tokenEnd(text: string, from: number): number {
  let at = from
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    // `,`, `]` or `}`.
    if (code === 44 || code === 125 || code === 93 || isSpace(code)) break
  }
  return at
}

const isLiteral = (text: string, from: number, end: number): boolean =>
  (end - from === 4 && (text.startsWith('true', from) || text.startsWith('null', from))) ||
  (end - from === 5 && text.startsWith('false', from))

const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|([\s\S]?))/g
const SIMPLE_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

/** The text of a JSON string, given without its quotes; undefined when an escape in it is none. */
export function unescaped(raw: string): string | undefined {
  if (!raw.includes('\\')) return raw
  let isValid = true
  const text = raw.replace(ESCAPE, (_, digits: string | undefined, character: string) => {
    if (digits !== undefined) return String.fromCharCode(Number.parseInt(digits, 16))
    const escaped = SIMPLE_ESCAPES.get(character)
    if (escaped === undefined) isValid = false
    return escaped ?? ''
  })
  // Half a surrogate pair is not a character.
  return isValid && !/\p{Surrogate}/u.test(text) ? text : undefined
}

/** An escape, or the character that stands for broken UTF-8. */
const NOT_PLAIN = /[\\\ufffd]/

/**
 * A label's value made of the inside of a JSON string: '' when an escape in it is wrong, and a space for each
 * character that stands for broken UTF-8.
 */
export const labelValue = (raw: string): string =>
  NOT_PLAIN.test(raw) ? (unescaped(raw) ?? '').replaceAll('\ufffd', ' ') : raw
