/** A test of a text; texts are compared without a regular expression. */
export type TextTest =
  | { kind: 'any' }
  | { kind: 'not_empty' }
  | { kind: 'equal'; text: string }
  | { kind: 'contains'; text: string }

/** What Loki uses instead of a simple regular expression: a text matches if it passes one of the tests. */
export type SimpleRegexp = { tests: readonly TextTest[]; ignoresCase: boolean }

/**
 * What is left of a regular expression that is only text, `.*`, `.+`, groups and alternatives. An empty text is
 * the empty expression.
 */
type Node =
  | { kind: 'text'; text: string }
  | { kind: 'anything'; minimum: 0 | 1 }
  | { kind: 'either'; branches: readonly Node[] }
  | { kind: 'sequence'; parts: readonly Node[] }

/**
 * The tests that Loki uses for a regular expression of a label filter that is a text, a text with `.*` at its ends, or
 * alternatives of these; undefined for any other. A text alone must be the whole value; a text next to `.*`, or one that
 * shares its beginning with the next alternative, must only be in the value: `warn.*` and `warn|warning` match `prewarn`,
 * too. Loki 3.7.6 does so, see its issue 23892 and its discussions 1787, 14433, 20297 and 24421; the recorded spelling of
 * queries agrees. Pure.
 */
export function simpleRegexp(pattern: string): SimpleRegexp | undefined {
  const ignoresCase = pattern.startsWith('(?i)')
  const body = ignoresCase ? pattern.slice(4) : pattern
  const tokens = body.match(TOKEN) ?? []
  if (tokens.join('') !== body || tokens.length > MAX_TOKENS) return undefined
  const reader: Reader = { tokens, at: 0 }
  const node = readEither(reader)
  const tests = node === undefined || reader.at < tokens.length ? undefined : testsOf(node)
  return tests && { tests, ignoresCase }
}

/** Longer ones are not looked at. */
const MAX_TOKENS = 1000
const TOKEN = /\\[^a-zA-Z0-9]|\(\?P?<\w+>|\(\?:|\((?!\?)|[)|]|\.[*+]\??|[^\\.[\](){}|*+?^$](?![*+?{])/gu

type Reader = { readonly tokens: readonly string[]; at: number }

function readEither(reader: Reader): Node | undefined {
  const branches: Node[] = []
  do {
    const branch = readSequence(reader)
    if (branch === undefined) return undefined
    branches.push(branch)
  } while (reader.tokens[reader.at] === '|' && ++reader.at > 0)
  return branches.length === 1 ? branches[0] : factored(branches)
}

function readSequence(reader: Reader): Node | undefined {
  const parts: Node[] = []
  for (;;) {
    const token = reader.tokens[reader.at]
    if (token === undefined || token === '|' || token === ')') return sequence(parts)
    reader.at += 1
    if (token.startsWith('(')) {
      const group = readEither(reader)
      if (group === undefined || reader.tokens[reader.at] !== ')') return undefined
      reader.at += 1
      parts.push(group)
    } else if (/^\.[*+]/.test(token)) parts.push({ kind: 'anything', minimum: token[1] === '+' ? 1 : 0 })
    else parts.push({ kind: 'text', text: token.startsWith('\\') ? token.slice(1) : token })
  }
}

/** Parts one after the other, with texts side by side as one. */
function sequence(parts: readonly Node[]): Node {
  const joined: Node[] = []
  for (const part of parts.flatMap((each) => (each.kind === 'sequence' ? each.parts : [each]))) {
    const last = joined.at(-1)
    if (part.kind === 'text' && last?.kind === 'text')
      joined[joined.length - 1] = { kind: 'text', text: last.text + part.text }
    else joined.push(part)
  }
  const [only = { kind: 'text', text: '' }] = joined
  return joined.length > 1 ? { kind: 'sequence', parts: joined } : only
}

const partsOf = (node: Node): readonly Node[] => (node.kind === 'sequence' ? node.parts : [node])

const leadingText = (node: Node | undefined): string => {
  const first = node === undefined ? undefined : partsOf(node)[0]
  return first?.kind === 'text' ? first.text : ''
}

function withoutPrefix(node: Node, length: number): Node {
  const rest = leadingText(node).slice(length)
  const more = partsOf(node).slice(1)
  return sequence(rest === '' ? more : [{ kind: 'text', text: rest }, ...more])
}

/** Alternatives as in Go's parser: a common beginning of neighbours is taken out and put before them. */
function factored(branches: readonly Node[]): Node {
  const result: Node[] = []
  for (let start = 0; start < branches.length; ) {
    let prefix = leadingText(branches[start])
    let end = start + 1
    for (; end < branches.length; end += 1) {
      const shared = sharedPrefix(prefix, leadingText(branches[end]))
      if (shared === '') break
      prefix = shared
    }
    const group = branches.slice(start, end)
    const [first] = group
    if (group.length === 1 && first !== undefined) result.push(first)
    else {
      const rests = factored(group.map((branch) => withoutPrefix(branch, prefix.length)))
      result.push(sequence([{ kind: 'text', text: prefix }, rests]))
    }
    start = end
  }
  const [only] = result
  return result.length === 1 && only !== undefined ? only : { kind: 'either', branches: result }
}

function sharedPrefix(a: string, b: string): string {
  const [characters, others] = [[...a], [...b]]
  const end = characters.findIndex((character, index) => character !== others[index])
  return characters.slice(0, end < 0 ? characters.length : end).join('')
}

type Tests = readonly TextTest[] | undefined

function testsOf(node: Node): Tests {
  switch (node.kind) {
    case 'text':
      return [node.text === '' ? { kind: 'any' } : { kind: 'equal', text: node.text }]
    case 'anything':
      return [{ kind: node.minimum === 0 ? 'any' : 'not_empty' }]
    case 'either':
      return hasCharacterClass(node.branches) ? undefined : allTests(node.branches.map(testsOf))
    case 'sequence':
      return testsOfSequence(node.parts, undefined)
  }
}

const allTests = (tests: readonly Tests[]): Tests =>
  tests.every((each) => each !== undefined) ? tests.flatMap((each) => each ?? []) : undefined

/** Loki looks at no more parts than this. */
const MAX_PARTS = 3

/** `.*` at one or both ends of a text that the value contains, which may be followed by alternatives. */
function testsOfSequence(parts: readonly Node[], before: string | undefined): Tests {
  const inner = parts.filter((part) => part.kind !== 'anything' || part.minimum > 0)
  const [first, second, third] = inner
  if (parts.length > MAX_PARTS || third !== undefined) return undefined
  if (first?.kind !== 'text')
    return before === undefined || first !== undefined ? undefined : contains(before)
  const text = (before ?? '') + first.text
  if (second === undefined) return contains(text)
  const isAdjacent = parts.indexOf(second) === parts.indexOf(first) + 1
  return isAdjacent && second.kind === 'either' ? testsAfter(text, second.branches) : undefined
}

const contains = (text: string): Tests => [{ kind: 'contains', text }]

function testsAfter(before: string, branches: readonly Node[]): Tests {
  if (hasCharacterClass(branches)) return undefined
  return allTests(
    branches.map((branch) => {
      if (branch.kind === 'text') return contains(before + branch.text)
      return branch.kind === 'either' ? undefined : testsOfSequence(partsOf(branch), before)
    }),
  )
}

/** Go's parser makes single characters side by side a class, which is not simple. */
const hasCharacterClass = (branches: readonly Node[]): boolean =>
  branches.some((branch, index) => isCharacter(branch) && isCharacter(branches[index + 1]))

const isCharacter = (node: Node | undefined): boolean => node?.kind === 'text' && [...node.text].length === 1
