/** A place in a line of logfmt and the pair that was read last. `value` is '' for a key alone. */
export type LogfmtScan = { line: string; at: number; key: string; value: string; problem: string | undefined }

export const scanOf = (line: string): LogfmtScan => ({ line, at: 0, key: '', value: '', problem: undefined })

const SPACE = 32
const QUOTE = 34
const EQUALS = 61

/**
 * Reads the next pair. Returns false at the end of the line, and, with `problem` set, where the text is not logfmt;
 * `skipWord` then skips that text.
 */
export function nextPair(scan: LogfmtScan): boolean {
  const { line } = scan
  scan.problem = undefined
  scan.value = ''
  while (scan.at < line.length && line.charCodeAt(scan.at) <= SPACE) scan.at++
  if (scan.at === line.length) return false
  const start = scan.at
  let code = 0
  for (; scan.at < line.length; scan.at++) {
    code = line.charCodeAt(scan.at)
    if (code === EQUALS || code === QUOTE || code <= SPACE) break
  }
  scan.key = line.slice(start, scan.at)
  const isAlone = scan.at === line.length || code <= SPACE
  if (!isAlone && (code === QUOTE || scan.key === '')) return unexpected(scan)
  if (scan.key.includes('\ufffd')) return refuse(scan, 'invalid key')
  if (isAlone) return true
  scan.at++
  return line.charCodeAt(scan.at) === QUOTE ? readQuoted(scan) : readPlain(scan)
}

/** Skips to the next white space. */
export function skipWord(scan: LogfmtScan): void {
  while (scan.at < scan.line.length && scan.line.charCodeAt(scan.at) > SPACE) scan.at++
}

/** The problem and its byte position, in Loki's words. */
export const problemOf = ({ line, at, problem }: LogfmtScan): string =>
  `logfmt syntax error at pos ${Buffer.byteLength(line.slice(0, at)) + 1} : ${problem ?? ''}`

function refuse(scan: LogfmtScan, problem: string): false {
  scan.problem = problem
  return false
}

const unexpected = (scan: LogfmtScan): false => refuse(scan, `unexpected '${scan.line[scan.at] ?? ''}'`)

function readPlain(scan: LogfmtScan): boolean {
  const { line } = scan
  const start = scan.at
  for (; scan.at < line.length; scan.at++) {
    const code = line.charCodeAt(scan.at)
    if (code === EQUALS || code === QUOTE) return unexpected(scan)
    if (code <= SPACE) break
  }
  scan.value = line.slice(start, scan.at)
  return true
}

function readQuoted(scan: LogfmtScan): boolean {
  const { line } = scan
  const start = scan.at + 1
  let isEscaped = false
  for (let at = start; at < line.length; at++) {
    const code = line.charCodeAt(at)
    if (code === 92) {
      isEscaped = true
      at++
    } else if (code === QUOTE) {
      scan.at = at + 1
      const raw = line.slice(start, at)
      const value = isEscaped ? unquoted(raw) : raw
      if (value === undefined) return refuse(scan, 'invalid quoted value')
      scan.value = value
      return true
    }
  }
  scan.at = line.length
  return refuse(scan, 'unterminated quoted value')
}

const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g
const SIMPLE_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["'", "'"],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

/** The text of a quoted value with escapes; undefined when one is wrong or a control character is in it. */
function unquoted(raw: string): string | undefined {
  let isValid = true
  for (let at = 0; at < raw.length; at++) if (raw.charCodeAt(at) < SPACE) return undefined
  const text = raw.replace(ESCAPE, (_, digits: string | undefined, character: string) => {
    if (digits !== undefined) return String.fromCharCode(Number.parseInt(digits, 16))
    const escaped = SIMPLE_ESCAPES.get(character)
    if (escaped === undefined) isValid = false
    return escaped ?? ''
  })
  return isValid ? text.replace(/\p{Surrogate}/gu, '\ufffd') : undefined
}
