import { type Characters, charactersOf, DIGITS, negated, SPACE, WORD, withBothCases } from './characters.ts'

/** The reader's position. `ignoresCase` and `dotIsAny` are the flags `i` and `s`. */
export type Reader = { pattern: string; at: number; depth: number; ignoresCase: boolean; dotIsAny: boolean }

/** Thrown to give the pattern up; never leaves `parseSimple`. */
export const UNKNOWN = Symbol('not of the simple kind')

export function giveUp(): never {
  throw UNKNOWN
}

/** Consumes the text if it is next. */
export function takeIf(reader: Reader, text: string): boolean {
  if (!reader.pattern.startsWith(text, reader.at)) return false
  reader.at += text.length
  return true
}

/** Consumes what a sticky expression matches. */
export function match(reader: Reader, expression: RegExp): RegExpExecArray | undefined {
  expression.lastIndex = reader.at
  const found = expression.exec(reader.pattern)
  if (found === null) return undefined
  reader.at += found[0].length
  return found
}

/** The set as the flag `i` widens it. */
export function inBothCases(reader: Reader, characters: Characters): Characters {
  if (!reader.ignoresCase) return characters
  return withBothCases(characters) ?? giveUp()
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

/** The characters that an escape stands for. */
export function readEscaped(reader: Reader): Characters {
  const [, name = '', control = '', punctuation = ''] = match(reader, ESCAPE) ?? giveUp()
  const code = CONTROLS.get(control) ?? punctuation.codePointAt(0) ?? 0
  return CLASSES.get(name) ?? [[code, code]]
}

/** A class in brackets. What Go reads in its own way there, such as `[[:alpha:]]`, is left to Go's engine. */
export function readClass(reader: Reader): Characters {
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
