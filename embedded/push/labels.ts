import { type Labels } from '../../logql/source.ts'
import { Refusal } from '../refusal.ts'

const SPACE = /[ \t\n\r]*/y
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y
const QUOTED = /"((?:[^"\\\n]|\\[^\n])*)"|`([^`]*)`/y
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))/gs
const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
}

type Scan = { text: string; at: number }

function take(scan: Scan, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = scan.at
  const found = pattern.exec(scan.text)
  if (found === null) return undefined
  scan.at = pattern.lastIndex
  return found
}

const wrong = ({ at }: Scan, cause: string): Refusal =>
  new Refusal(400, `couldn't parse labels: 1:${at + 1}: parse error: ${cause}`)

const unexpected = (scan: Scan): Refusal => {
  const character = scan.text[scan.at]
  return character === undefined
    ? wrong(scan, 'unexpected end of input inside braces')
    : wrong(scan, `unexpected character inside braces: '${character}'`)
}

/**
 * Reads a stream's labels as clients write them: `{a="b", c="d"}`, in the order of their names, without
 * those whose value is empty. Throws Refusal (400) with the position of what is wrong, or with the name
 * that is there twice. Pure.
 */
export function parseLabels(text: string): Labels {
  const scan: Scan = { text, at: 0 }
  const pairs = new Map<string, string>()
  take(scan, SPACE)
  if (text[scan.at] !== '{') throw wrong(scan, `unexpected "${text.slice(scan.at, scan.at + 20)}"`)
  scan.at++
  for (take(scan, SPACE); text[scan.at] !== '}'; take(scan, SPACE)) {
    const name = take(scan, NAME)?.[0]
    take(scan, SPACE)
    if (name === undefined || text[scan.at] !== '=') throw unexpected(scan)
    scan.at++
    take(scan, SPACE)
    const value = takeValue(scan)
    if (pairs.has(name)) throw new Refusal(400, `stream '${text}' has duplicate label name: '${name}'`)
    pairs.set(name, value)
    take(scan, SPACE)
    if (text[scan.at] === ',') scan.at++
    else if (text[scan.at] !== '}') throw unexpected(scan)
  }
  scan.at++
  take(scan, SPACE)
  if (scan.at !== text.length) throw wrong(scan, `unexpected "${text.slice(scan.at, scan.at + 20)}"`)
  return sorted(pairs)
}

function takeValue(scan: Scan): string {
  const [, escaped, raw] = take(scan, QUOTED) ?? []
  if (raw !== undefined) return raw
  if (escaped === undefined) throw unexpected(scan)
  if (!escaped.includes('\\')) return escaped
  return escaped.replace(ESCAPE, (all, hex, short, long, octal, simple: string | undefined) => {
    if (simple === undefined)
      return codePoint(scan, hex ?? short ?? long ?? octal, octal === undefined ? 16 : 8)
    const character = SIMPLE[simple]
    if (character === undefined) throw wrong(scan, `unknown escape sequence '${all}'`)
    return character
  })
}

function codePoint(scan: Scan, digits: string, base: number): string {
  const code = Number.parseInt(digits, base)
  if (code > 0x10ffff) throw wrong(scan, 'escape sequence is an invalid Unicode code point')
  return String.fromCodePoint(code)
}

/** Labels in the order of their names' bytes, without empty ones. */
const sorted = (pairs: ReadonlyMap<string, string>): Labels =>
  new Map([...pairs].filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1)))

const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u
const PLAIN = /^[ !#-[\]-~]*$/
const SHORT: Readonly<Record<string, string>> = {
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

/** A text in quotes as Go's `strconv.Quote` writes it. Pure. */
export function quoted(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`
  let result = '"'
  for (const character of text) result += SHORT[character] ?? escapedUnlessPrintable(character)
  return `${result}"`
}

function escapedUnlessPrintable(character: string): string {
  if (PRINTABLE.test(character)) return character
  const code = character.codePointAt(0) ?? 0
  const hex = code.toString(16)
  if (code < 0x80) return `\\x${hex.padStart(2, '0')}`
  return code > 0xffff ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`
}

/** Labels as Loki writes them: `{a="b", c="d"}`. Pure. */
export function labelsText(labels: Iterable<readonly [string, string]>): string {
  const pairs: string[] = []
  for (const [name, value] of labels) pairs.push(`${name}=${quoted(value)}`)
  return `{${pairs.join(', ')}}`
}
