import { type Stage } from '../ast.ts'
import { type Lines } from '../source.ts'

/**
 * A text that is in every line that these stages keep, found without running them; undefined when there is none.
 */
export function requiredText(stages: readonly Stage[]): string | undefined {
  let longest: string | undefined
  for (const stage of stages) {
    // These stages change the line.
    if (stage.kind === 'line_format' || stage.kind === 'unpack' || stage.kind === 'decolorize') break
    if (stage.kind !== 'line_filter' || stage.operator !== '|=') continue
    const [term] = stage.terms
    if (term === undefined || stage.terms.length > 1 || term.isIp) continue
    if (term.text.length > (longest?.length ?? 0)) longest = term.text
  }
  return longest
}

/**
 * The indices in [from, to) of the lines that have the text, ascending. One search over the block's text
 * costs a fraction of one in each line.
 */
export function linesWith({ text, starts, ends }: Lines, wanted: string, from: number, to: number): number[] {
  const found: number[] = []
  let line = from
  let at = text.indexOf(wanted, starts[from] ?? 0)
  while (at !== -1 && line < to) {
    while (line < to && (ends[line] ?? 0) < at + wanted.length) line++
    const start = starts[line] ?? 0
    if (line < to && start <= at) {
      found.push(line)
      line++
    }
    // What was found across the end of a line is in none.
    at = text.indexOf(wanted, Math.max(at + 1, starts[line] ?? 0))
  }
  return found
}
