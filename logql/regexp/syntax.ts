import { ANY, type Characters, NO_NEWLINE } from './characters.ts'
import { giveUp, inBothCases, match, type Reader, readClass, readEscaped, takeIf, UNKNOWN } from './reader.ts'

/** A regular expression of the simple kind, as a tree. */
export type Node =
  | { kind: 'characters'; characters: Characters }
  | { kind: 'assertion'; assertion: '^' | '$' | '\\b' }
  | { kind: 'sequence'; parts: readonly Node[] }
  | { kind: 'choice'; options: readonly Node[] }
  | { kind: 'group'; body: Node }
  | { kind: 'repeat'; body: Node; min: number; max: number; isLazy: boolean }

/** Longer ones are rare, and JavaScript's engine refuses some that are too large for it. */
const MAX_PATTERN_LENGTH = 2000
const MAX_DEPTH = 20
const MAX_REPEAT = 50
/**
 * The tree of a valid RE2 pattern; undefined for one that uses what means, or may mean, something else in
 * JavaScript: Unicode classes, flags other than `i` and `s`, repetitions of more than one character (but
 * `?`); and for a very long one.
 */
export function parseSimple(pattern: string, dotIsAny: boolean): Node | undefined {
  if (pattern.length > MAX_PATTERN_LENGTH) return undefined
  const reader: Reader = { pattern, at: 0, depth: 0, ignoresCase: false, dotIsAny }
  try {
    const node = readChoice(reader)
    return reader.at === pattern.length ? node : undefined
  } catch (error) {
    if (error === UNKNOWN) return undefined
    throw error
  }
}

function readChoice(reader: Reader): Node {
  const options: Node[] = []
  do options.push(readSequence(reader))
  while (takeIf(reader, '|'))
  const [only] = options
  return options.length === 1 && only !== undefined ? only : { kind: 'choice', options }
}

function readSequence(reader: Reader): Node {
  const parts: Node[] = []
  while (reader.at < reader.pattern.length && !'|)'.includes(reader.pattern[reader.at] ?? '')) {
    const part = readAtom(reader)
    if (part !== undefined) parts.push(readRepeat(reader, part))
  }
  return { kind: 'sequence', parts }
}

const FLAGS = /\(\?([is]+)([:)])/y
const GROUP = /\((?!\?)|\(\?(?:P?<\w+>|:)/y

/** One part, or undefined for flags alone, `(?i)`. */
function readAtom(reader: Reader): Node | undefined {
  const character = String.fromCodePoint(reader.pattern.codePointAt(reader.at) ?? 0)
  if (character === '(') return readGroup(reader)
  if (character === '[') return { kind: 'characters', characters: readClass(reader) }
  if (character === '\\') return readEscape(reader)
  if ('*+?'.includes(character)) giveUp()
  reader.at += character.length
  if (character === '.') return { kind: 'characters', characters: reader.dotIsAny ? ANY : NO_NEWLINE }
  if (character === '^' || character === '$') return { kind: 'assertion', assertion: character }
  return literal(reader, character.codePointAt(0) ?? 0)
}

const literal = (reader: Reader, code: number): Node => ({
  kind: 'characters',
  characters: inBothCases(reader, [[code, code]]),
})

function readGroup(reader: Reader): Node | undefined {
  const { ignoresCase, dotIsAny } = reader
  const flags = match(reader, FLAGS)
  if (flags !== undefined) {
    const [, letters = '', end] = flags
    reader.ignoresCase ||= letters.includes('i')
    reader.dotIsAny ||= letters.includes('s')
    if (end === ')') return undefined
  }
  const opening = flags ?? match(reader, GROUP) ?? giveUp()
  if (++reader.depth > MAX_DEPTH) giveUp()
  const body = readChoice(reader)
  if (!takeIf(reader, ')')) giveUp()
  reader.depth--
  Object.assign(reader, { ignoresCase, dotIsAny })
  const isCapturing = opening[0] !== '(?:' && flags === undefined
  return isCapturing ? { kind: 'group', body } : { kind: 'sequence', parts: [body] }
}

function readEscape(reader: Reader): Node {
  if (takeIf(reader, '\\b')) return { kind: 'assertion', assertion: '\\b' }
  const characters = readEscaped(reader)
  return { kind: 'characters', characters: inBothCases(reader, characters) }
}

const REPEAT = /(?:([*+?])|\{(\d{1,3})(,(\d{0,3}))?\})(\??)/y

function readRepeat(reader: Reader, body: Node): Node {
  const found = match(reader, REPEAT)
  if (found === undefined) return body
  const [, sign, count = '', comma, upper = '', lazy = ''] = found
  const min = sign === '+' ? 1 : sign === undefined ? Number(count) : 0
  const most = comma === undefined ? min : upper === '' ? Infinity : Number(upper)
  const max = sign === '?' ? 1 : sign === undefined ? most : Infinity
  // Repeated groups: engines differ in what their captures hold, and they may take exponential time.
  const isOptional = min === 0 && max === 1 && !mayBeEmpty(body)
  if (body.kind !== 'characters' && !isOptional) giveUp()
  if (min > MAX_REPEAT || (max > MAX_REPEAT && max !== Infinity) || match(reader, REPEAT) !== undefined)
    giveUp()
  return { kind: 'repeat', body, min, max, isLazy: lazy === '?' }
}

function mayBeEmpty(node: Node): boolean {
  switch (node.kind) {
    case 'characters':
      return false
    case 'assertion':
      return true
    case 'sequence':
      return node.parts.every(mayBeEmpty)
    case 'choice':
      return node.options.some(mayBeEmpty)
    case 'group':
      return mayBeEmpty(node.body)
    case 'repeat':
      return node.min === 0
  }
}
