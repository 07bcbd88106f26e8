import { type Labels } from '../../logql/source.ts'
import { quote, unquote } from '../../logql/strings.ts'
import { Refusal } from '../refusal.ts'

const SPACE = /[ \t\n\r]*/y
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y
const LITERAL = /"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`/y

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
  const { at } = scan
  const literal = take(scan, LITERAL)?.[0]
  if (literal === undefined) throw unexpected(scan)
  const value = unquote(literal)
  if (value === undefined) throw wrong({ ...scan, at }, `invalid escapes in ${literal.slice(0, 40)}`)
  return value
}

/** Labels in the order of their names' bytes, without empty ones. */
const sorted = (pairs: ReadonlyMap<string, string>): Labels =>
  new Map([...pairs].filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1)))

/** Labels as Loki writes them: `{a="b", c="d"}`. Pure. */
export function labelsText(labels: Iterable<readonly [string, string]>): string {
  const pairs: string[] = []
  for (const [name, value] of labels) pairs.push(`${name}=${quote(value)}`)
  return `{${pairs.join(', ')}}`
}
