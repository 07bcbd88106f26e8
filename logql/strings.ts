const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
}
const PIECE = /\\(?:x([\da-fA-F]{2})|([0-7]{3})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([abfnrtv\\"]))|[^\\"\n]+/y

/**
 * The text of a Go string literal, `"…"` with escapes or `` `…` `` without, as Go's `strconv.Unquote` reads it; undefined
 * for any other text. Invalid UTF-8 (`"\xff"`) becomes U+FFFD. Pure.
 */
export function unquote(literal: string): string | undefined {
  const mark = literal[0]
  const body = literal.slice(1, -1)
  if (literal.length < 2 || literal.at(-1) !== mark) return undefined
  if (mark === '`') return body.includes('`') ? undefined : body.replaceAll('\r', '')
  if (mark !== '"') return undefined
  if (!/["\\\n]/.test(body)) return body
  const parts: Buffer[] = []
  for (let at = 0; at < body.length; ) {
    PIECE.lastIndex = at
    const piece = PIECE.exec(body)
    const bytes = piece === null ? undefined : bytesOf(piece)
    if (piece === null || bytes === undefined) return undefined
    parts.push(bytes)
    at += piece[0].length
  }
  return Buffer.concat(parts).toString('utf8')
}

/** The bytes of plain text or of one escape. */
function bytesOf([plain, hex, octal, unicode4, unicode8, simple]: RegExpExecArray): Buffer | undefined {
  if (hex !== undefined || octal !== undefined) {
    const byte = Number.parseInt(hex ?? octal ?? '', octal === undefined ? 16 : 8)
    return byte > 255 ? undefined : Buffer.from([byte])
  }
  const unicode = unicode4 ?? unicode8
  if (unicode !== undefined) {
    const code = Number.parseInt(unicode, 16)
    const isCharacter = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
    return isCharacter ? Buffer.from(String.fromCodePoint(code)) : undefined
  }
  return Buffer.from(simple === undefined ? plain : (SIMPLE_ESCAPES[simple] ?? simple))
}

const NAMED_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
])
const NOT_PRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u

/** Go's `strconv.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space. */
export const isPrintable = (point: number): boolean => !NOT_PRINTABLE.test(String.fromCodePoint(point))

/**
 * A text as a Go literal in double or single quotes, as `strconv.Quote` writes it; with `isAscii` as `QuoteToASCII`.
 * Pure.
 */
export function quote(text: string, mark: '"' | "'" = '"', isAscii = false): string {
  let result: string = mark
  for (const character of text) result += escaped(character, mark, isAscii)
  return result + mark
}

function escaped(character: string, mark: string, isAscii: boolean): string {
  if (character === mark) return `\\${mark}`
  const named = NAMED_ESCAPES.get(character)
  if (named !== undefined) return named
  const code = character.codePointAt(0) ?? 0
  // A lone surrogate is not a character: Go writes U+FFFD instead.
  if (code >= 0xd800 && code <= 0xdfff) return isAscii ? '\\ufffd' : '\ufffd'
  if (isPrintable(code) && (code < 0x80 || !isAscii)) return character
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
  if (code > 0xffff) return `\\U${code.toString(16).padStart(8, '0')}`
  return `\\u${code.toString(16).padStart(4, '0')}`
}

/** Whether a text can be between backquotes, as `strconv.CanBackquote` says. Pure. */
export const canBackquote = (text: string): boolean => !/[\p{Cc}`\ufeff]/u.test(text.replaceAll('\t', ''))

/** Orders texts by code points, as the bytes of their UTF-8 are ordered. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  let at = 0
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at++
  if (at === length) return a.length - b.length
  const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)]
  const [isLeftPair, isRightPair] = [isSurrogate(left), isSurrogate(right)]
  return isLeftPair === isRightPair ? left - right : isLeftPair ? 1 : -1
}

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff
