import { ANY, type Characters, charactersOf, isDisjoint } from './characters.ts'
import { type Node } from './syntax.ts'

/**
 * What may come after a part: characters that the next part may begin with, and whether there may be no next
 * part, so that the match is complete.
 */
type Next = { characters: Characters; mayEnd: boolean }

/** What makes a backtracking engine try again. */
type Retries = {
  /** Ways through alternatives and repetitions with a limit. */
  paths: number
  /** Repetitions without a limit that end where the next part begins, and nowhere else. */
  certain: number
  /** Those that may end at several places. */
  uncertain: number
}

/** Steps of an engine that take less than a millisecond. */
const MAX_STEPS = 100_000

/**
 * The longest text, in characters, on which a backtracking engine takes at most MAX_STEPS steps for this
 * expression, whatever the text. With `isWhole` the match must be the whole text.
 */
export function longestSafeText(node: Node, isWhole: boolean): number {
  const retries: Retries = { paths: 1, certain: 0, uncertain: 0 }
  const end: Next = isWhole ? { characters: ANY, mayEnd: false } : { characters: [], mayEnd: true }
  visit(node, end, retries)
  // An expression is tried from each place of the text unless it is bound to its start.
  const starts = isWhole || isBound(node) ? 0 : 1
  const degree = starts + retries.uncertain + (retries.certain > 0 ? 1 : 0)
  return Math.floor((MAX_STEPS / retries.paths) ** (1 / Math.max(degree, 1)))
}

/** Counts the retries in a node and answers what may come where it begins. */
function visit(node: Node, next: Next, retries: Retries): Next {
  switch (node.kind) {
    case 'characters':
      return { characters: node.characters, mayEnd: false }
    case 'assertion':
      // It may fail at any place, whatever comes.
      return { characters: ANY, mayEnd: false }
    case 'sequence':
      return node.parts.reduceRight((after, part) => visit(part, after, retries), next)
    case 'group':
      return visit(node.body, next, retries)
    case 'choice': {
      const paths = retries.paths
      let sum = 0
      const firsts = node.options.map((option) => {
        retries.paths = 1
        const first = visit(option, next, retries)
        sum += retries.paths
        return first
      })
      retries.paths = paths * sum
      return firsts.reduce(either)
    }
    case 'repeat':
      return visitRepeat(node, next, retries)
  }
}

function visitRepeat(node: Extract<Node, { kind: 'repeat' }>, next: Next, retries: Retries): Next {
  const first = visit(node.body, next, retries)
  if (node.max !== Infinity) retries.paths *= node.max - node.min + 1
  // Where nothing needs to follow, the match is complete and nothing is tried again.
  else if (!next.mayEnd) retries[isDisjoint(first.characters, next.characters) ? 'certain' : 'uncertain']++
  return node.min === 0 ? either(first, next) : first
}

const either = (a: Next, b: Next): Next => ({
  characters: charactersOf([...a.characters, ...b.characters]),
  mayEnd: a.mayEnd || b.mayEnd,
})

const isBound = (node: Node): boolean =>
  node.kind === 'assertion'
    ? node.assertion === '^'
    : node.kind === 'sequence'
      ? node.parts[0] !== undefined && isBound(node.parts[0])
      : node.kind === 'choice'
        ? node.options.every(isBound)
        : node.kind === 'group' && isBound(node.body)
