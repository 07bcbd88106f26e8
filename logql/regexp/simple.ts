/** One way in which a text can be like a simple regular expression. */
export type Likeness =
  | { kind: 'anything' }
  | { kind: 'something' }
  | { kind: 'equal'; text: string }
  | { kind: 'has'; text: string }

/** A regular expression that Loki does without: a text is like it in one of these ways. */
export type SimpleRegexp = { ways: readonly Likeness[]; foldsCase: boolean }

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
 * What Loki makes of a regular expression of a label filter that is only texts, perhaps with `.*` around, or
 * alternatives of these; undefined for any other. A lone text must be the whole value, but one beside a `.*`
 * or with a beginning in common with its neighbour must only be in it: `warn.*` and `warn|warning` are like
 * `prewarn`, too. Loki 3.7.6 is so, as its issue 23892 and its discussions 1787, 14433, 20297 and 24421 tell,
 * and its spelling of queries in recorded answers agrees. Pure.
 */
export function simpleRegexp(pattern: string): SimpleRegexp | undefined {
  const foldsCase = pattern.startsWith('(?i)')
  const body = foldsCase ? pattern.slice(4) : pattern
  const tokens = body.match(TOKEN) ?? []
  if (tokens.join('') !== body || tokens.length > MAX_TOKENS) return undefined
  const reader: Reader = { tokens, at: 0 }
  const node = readEither(reader)
  const ways = node === undefined || reader.at < tokens.length ? undefined : waysOf(node)
  return ways && { ways, foldsCase }
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

/** Alternatives as Go's parser has them: a beginning that neighbours share stands before them once. */
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

type Ways = readonly Likeness[] | undefined

function waysOf(node: Node): Ways {
  switch (node.kind) {
    case 'text':
      return [node.text === '' ? { kind: 'anything' } : { kind: 'equal', text: node.text }]
    case 'anything':
      return [{ kind: node.minimum === 0 ? 'anything' : 'something' }]
    case 'either':
      return hasCharacterClass(node.branches) ? undefined : allWays(node.branches.map(waysOf))
    case 'sequence':
      return waysOfSequence(node.parts, undefined)
  }
}

const allWays = (ways: readonly Ways[]): Ways =>
  ways.every((each) => each !== undefined) ? ways.flatMap((each) => each ?? []) : undefined

/** Loki looks at so many parts. */
const MAX_PARTS = 3

/** `.*` at both ends, and between them a text that is in the value, perhaps with one of several after it. */
function waysOfSequence(parts: readonly Node[], before: string | undefined): Ways {
  const inner = parts.filter((part) => part.kind !== 'anything' || part.minimum > 0)
  const [first, second, third] = inner
  if (parts.length > MAX_PARTS || third !== undefined) return undefined
  if (first?.kind !== 'text') return before === undefined || first !== undefined ? undefined : has(before)
  const text = (before ?? '') + first.text
  if (second === undefined) return has(text)
  const isAdjacent = parts.indexOf(second) === parts.indexOf(first) + 1
  return isAdjacent && second.kind === 'either' ? waysAfter(text, second.branches) : undefined
}

const has = (text: string): Ways => [{ kind: 'has', text }]

function waysAfter(before: string, branches: readonly Node[]): Ways {
  if (hasCharacterClass(branches)) return undefined
  return allWays(
    branches.map((branch) => {
      if (branch.kind === 'text') return has(before + branch.text)
      return branch.kind === 'either' ? undefined : waysOfSequence(partsOf(branch), before)
    }),
  )
}

/** Go's parser makes single characters side by side a class, which is not simple. */
const hasCharacterClass = (branches: readonly Node[]): boolean =>
  branches.some((branch, index) => isCharacter(branch) && isCharacter(branches[index + 1]))

const isCharacter = (node: Node | undefined): boolean => node?.kind === 'text' && [...node.text].length === 1
