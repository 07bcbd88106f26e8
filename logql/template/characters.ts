/** Maps each character by Unicode's simple mapping, as Go does: a character stays one (`ß` has no upper case). */
const mapped = (text: string, map: (character: string) => string): string => {
  let result = ''
  for (const character of text) result += single(character, map(character))
  return result
}

const single = (character: string, changed: string): string =>
  String.fromCodePoint(changed.codePointAt(0) ?? 0) === changed ? changed : character

const ASCII = /^[\0-\x7f]*$/

/** The one letter whose simple lower case is not its full one. */
const lowerOf = (character: string): string => (character === 'İ' ? 'i' : character.toLowerCase())

/** Go's `strings.ToLower`. Pure. */
export const toLower = (text: string): string =>
  ASCII.test(text) ? text.toLowerCase() : mapped(text, lowerOf)

/** Go's `strings.ToUpper`. Pure. */
export const toUpper = (text: string): string =>
  ASCII.test(text) ? text.toUpperCase() : mapped(text, (character) => character.toUpperCase())

/** Go's `unicode.IsSpace`. */
const SPACE = '\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const SPACES = new RegExp(`[${SPACE}]`)
const SEPARATOR = new RegExp(`[${SPACE}]|[\\0-\\x7f]`)
const WORD = /[\p{L}\p{Nd}_]/u

const isSeparator = (character: string): boolean => !WORD.test(character) && SEPARATOR.test(character)

/** Letters of which only the first half is large at the beginning of a word. */
const DIGRAPHS = ['Ǆǅǆ', 'Ǉǈǉ', 'Ǌǋǌ', 'Ǳǲǳ']

/** The letter at the beginning of a word; Georgian has no large ones there. */
function titleOf(character: string): string {
  if (character >= 'ა' && character <= 'ჿ') return character
  return DIGRAPHS.find((forms) => forms.includes(character))?.charAt(1) ?? character.toUpperCase()
}

/** Go's `strings.Title`: the first letter of each word in upper case. Pure. */
export function toTitle(text: string): string {
  let result = ''
  let atStart = true
  for (const character of text) {
    result += atStart ? single(character, titleOf(character)) : character
    atStart = isSeparator(character)
  }
  return result
}

/** Without the characters at the left end that `isCut` picks. */
function trimLeftBy(text: string, isCut: (character: string) => boolean): string {
  let at = 0
  for (const character of text) {
    if (!isCut(character)) break
    at += character.length
  }
  return text.slice(at)
}

function trimRightBy(text: string, isCut: (character: string) => boolean): string {
  let end = text.length
  while (end > 0) {
    const low = text.charCodeAt(end - 1)
    const length = (low & 0xfc00) === 0xdc00 && end > 1 ? 2 : 1
    if (!isCut(text.slice(end - length, end))) break
    end -= length
  }
  return text.slice(0, end)
}

const isIn = (cutset: string): ((character: string) => boolean) => {
  const characters = new Set(cutset)
  return (character) => characters.has(character)
}

/** Go's `strings.TrimLeft`: without the leading characters that are in the set. Pure. */
export const trimLeft = (text: string, cutset: string): string => trimLeftBy(text, isIn(cutset))
export const trimRight = (text: string, cutset: string): string => trimRightBy(text, isIn(cutset))
export const trimBoth = (text: string, cutset: string): string => trimRight(trimLeft(text, cutset), cutset)

/** Go's `strings.TrimSpace`. Pure. */
export const trimSpace = (text: string): string => {
  const isSpace = (character: string): boolean => SPACES.test(character)
  return trimRightBy(trimLeftBy(text, isSpace), isSpace)
}

export const trimPrefix = (text: string, prefix: string): string =>
  text.startsWith(prefix) ? text.slice(prefix.length) : text

export const trimSuffix = (text: string, suffix: string): string =>
  suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text
