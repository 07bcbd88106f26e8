import { patternOf } from './characters.ts'
import { longestSafeText } from './cost.ts'
import { type Node, parseSimple } from './syntax.ts'

/** An RE2 pattern for JavaScript's engine. */
export type Translated = {
  expression: RegExp
  /** On longer texts the engine might take too long. */
  maxLength: number
}

/**
 * The same expression for JavaScript's engine, some thirty times as fast; undefined when it might mean
 * something else there. `isWhole`: the match must be the whole text, and `.` matches a newline, too.
 */
export function translate(pattern: string, isWhole: boolean): Translated | undefined {
  const node = parseSimple(pattern, isWhole)
  if (node === undefined) return undefined
  const source = sourceOf(node)
  return {
    expression: new RegExp(isWhole ? `^(?:${source})$` : source, 'u'),
    maxLength: longestSafeText(node, isWhole),
  }
}

function sourceOf(node: Node): string {
  switch (node.kind) {
    case 'characters':
      return patternOf(node.characters)
    case 'assertion':
      return node.assertion
    case 'sequence':
      return node.parts.map(partOf).join('')
    case 'choice':
      return node.options.map(sourceOf).join('|')
    case 'group':
      return `(${sourceOf(node.body)})`
    case 'repeat':
      return `${partOf(node.body)}${repeatOf(node)}${node.isLazy ? '?' : ''}`
  }
}

/** A part of a sequence or what is repeated, in brackets where it would fall apart without. */
const partOf = (node: Node): string =>
  node.kind === 'sequence' || node.kind === 'choice' ? `(?:${sourceOf(node)})` : sourceOf(node)

const repeatOf = ({ min, max }: Extract<Node, { kind: 'repeat' }>): string =>
  `{${min},${max === Infinity ? '' : max}}`

/** A text that every match has in it; undefined when none is known. */
export function requiredText(pattern: string): string | undefined {
  const node = parseSimple(pattern, false)
  return node === undefined ? undefined : longestRun(node)
}

function longestRun(node: Node): string | undefined {
  const runs: string[] = ['']
  collectRuns(node, runs)
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best))
  return longest === '' ? undefined : longest
}

/** Adds the characters that follow each other for certain to the last run, and begins a new one elsewhere. */
function collectRuns(node: Node, runs: string[]): void {
  const [first] = node.kind === 'characters' ? node.characters : []
  if (node.kind === 'sequence') for (const part of node.parts) collectRuns(part, runs)
  else if (node.kind === 'group') collectRuns(node.body, runs)
  else if (node.kind === 'characters' && node.characters.length === 1 && first?.[0] === first?.[1])
    runs.push((runs.pop() ?? '') + String.fromCodePoint(first?.[0] ?? 0))
  else runs.push('')
}
