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
 * Whether Loki compares with such a regular expression of a label filter without one: when it is texts, perhaps
 * with `.*` around, or alternatives of these. It then spells the filter in another way, which is all that this
 * is for. Deduced from recorded answers and from what Loki's public discussion (#1787, #8659, #24421) tells of
 * its simplification; rare forms may be taken for the wrong kind. Pure.
 */
export function isSimpleRegexp(pattern: string): boolean {
  const body = pattern.startsWith('(?i)') ? pattern.slice(4) : pattern
  const tokens = body.match(TOKEN) ?? []
  if (tokens.join('') !== body || tokens.length > MAX_TOKENS) return false
  const reader: Reader = { tokens, at: 0 }
  const node = readEither(reader)
  return node !== undefined && reader.at === tokens.length && isSimple(node)
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
  let length = 0
  while (length < a.length && a[length] === b[length]) length += 1
  return a.slice(0, length)
}

function isSimple(node: Node): boolean {
  if (node.kind === 'either') return !hasCharacterClass(node.branches) && node.branches.every(isSimple)
  if (node.kind !== 'sequence') return true
  const [first, second, third] = node.parts.filter((part) => part.kind !== 'anything' || part.minimum > 0)
  if (third !== undefined) return false
  if (second === undefined) return first?.kind !== 'anything' && (first === undefined || isSimple(first))
  return first?.kind === 'text' && second.kind === 'either' && isSimple(second)
}

/** Go's parser makes single characters side by side a class, which is not simple. */
const hasCharacterClass = (branches: readonly Node[]): boolean =>
  branches.some((branch, index) => isCharacter(branch) && isCharacter(branches[index + 1]))

const isCharacter = (node: Node | undefined): boolean => node?.kind === 'text' && [...node.text].length === 1
