import {
  ANY,
  type Characters,
  charactersOf,
  DIGITS,
  NO_NEWLINE,
  negated,
  SPACE,
  WORD,
  withBothCases,
} from './characters.ts'

/** A regular expression of the simple kind, as a tree. */
export type Node =
  | { kind: 'characters'; characters: Characters }
  | { kind: 'assertion'; assertion: '^' | '$' | '\\b' }
  | { kind: 'sequence'; parts: readonly Node[] }
  | { kind: 'choice'; options: readonly Node[] }
  | { kind: 'group'; body: Node }
  | { kind: 'repeat'; body: Node; min: number; max: number; isLazy: boolean }

/** Where the reading stands. `ignoresCase` and `dotIsAny` are the flags `i` and `s`. */
type Reader = { pattern: string; at: number; depth: number; ignoresCase: boolean; dotIsAny: boolean }

/** Longer ones are rare, and JavaScript's engine refuses some that are too large for it. */
const MAX_PATTERN_LENGTH = 2000
const MAX_DEPTH = 20
const MAX_REPEAT = 50
const UNKNOWN = Symbol('not of the simple kind')

/**
 * The tree of a valid RE2 pattern; undefined for one that uses what means, or may mean, something else in
 * JavaScript: Unicode classes, flags other than `i` and `s`, repetitions of more than one character (but `?`);
 * and for a very long one.
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

function giveUp(): never {
  throw UNKNOWN
}

function readChoice(reader: Reader): Node {
  const options: Node[] = []
  do options.push(readSequence(reader))
  while (takeIf(reader, '|'))
  const [only] = options
  return options.length === 1 && only !== undefined ? only : { kind: 'choice', options }
}

function takeIf(reader: Reader, text: string): boolean {
  if (!reader.pattern.startsWith(text, reader.at)) return false
  reader.at += text.length
  return true
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

function inBothCases(reader: Reader, characters: Characters): Characters {
  if (!reader.ignoresCase) return characters
  return withBothCases(characters) ?? giveUp()
}

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

function match(reader: Reader, expression: RegExp): RegExpExecArray | undefined {
  expression.lastIndex = reader.at
  const found = expression.exec(reader.pattern)
  if (found === null) return undefined
  reader.at += found[0].length
  return found
}

const CLASSES: ReadonlyMap<string, Characters> = new Map([
  ['d', DIGITS],
  ['D', negated(DIGITS)],
  ['w', WORD],
  ['W', negated(WORD)],
  ['s', SPACE],
  ['S', negated(SPACE)],
])
const CONTROLS: ReadonlyMap<string, number> = new Map([
  ['t', 9],
  ['n', 10],
  ['v', 11],
  ['f', 12],
  ['r', 13],
])
const ESCAPE = /\\(?:([dDwWsS])|([tnvfr])|([!-/:-@[-`{-~]))/y

function readEscape(reader: Reader): Node {
  if (takeIf(reader, '\\b')) return { kind: 'assertion', assertion: '\\b' }
  const characters = readEscaped(reader)
  return { kind: 'characters', characters: inBothCases(reader, characters) }
}

function readEscaped(reader: Reader): Characters {
  const [, name = '', control = '', punctuation = ''] = match(reader, ESCAPE) ?? giveUp()
  const code = CONTROLS.get(control) ?? punctuation.codePointAt(0) ?? 0
  return CLASSES.get(name) ?? [[code, code]]
}

/** A class in brackets. What Go reads in its own way there, such as `[[:alpha:]]`, is left to Go's engine. */
function readClass(reader: Reader): Characters {
  reader.at++
  const isNegated = takeIf(reader, '^')
  const ranges: (readonly [number, number])[] = []
  do {
    if (reader.pattern.startsWith('[', reader.at)) giveUp()
    const characters = readClassItem(reader)
    const [low, high] = characters[0] ?? giveUp()
    const isRange = reader.pattern[reader.at] === '-' && reader.pattern[reader.at + 1] !== ']'
    if (!isRange) {
      ranges.push(...characters)
      continue
    }
    reader.at++
    const [upperLow, upperHigh] = readClassItem(reader)[0] ?? giveUp()
    if (low !== high || characters.length > 1 || upperLow !== upperHigh || low > upperLow) giveUp()
    ranges.push([low, upperLow])
  } while (!takeIf(reader, ']'))
  const characters = inBothCases(reader, charactersOf(ranges))
  return isNegated ? negated(characters) : characters
}

function readClassItem(reader: Reader): Characters {
  if (reader.at >= reader.pattern.length) giveUp()
  if (reader.pattern[reader.at] === '\\') return readEscaped(reader)
  const code = reader.pattern.codePointAt(reader.at) ?? 0
  reader.at += code > 0xffff ? 2 : 1
  return [[code, code]]
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
