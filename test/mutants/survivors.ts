import { appendFileSync, readFileSync } from 'node:fs'
import { SCORED } from './score.ts'

/** What Stryker tells of a mutant that was tested; lines and columns are counted from 1. */
type Tested = {
  fileName: string
  mutatorName: string
  replacement?: string
  status: string
  location: { start: Position; end: Position }
}
type Position = { line: number; column: number }

const MAX_SHOWN = 60
const oneLine = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line
}

/** The text between two places of a file. Pure. */
export function between(text: string, { start, end }: Tested['location']): string {
  const lines = text.split('\n').slice(start.line - 1, end.line)
  const last = lines.length - 1
  lines[last] = (lines[last] ?? '').slice(0, end.column - 1)
  lines[0] = (lines[0] ?? '').slice(start.column - 1)
  return lines.join('\n')
}

/** Prints each mutant that no test kills, as soon as that is known, and writes each one's status to MUTANT_COUNTS. */
class Survivors {
  onMutantTested({ fileName, mutatorName, replacement = '', status, location }: Tested): void {
    appendFileSync(process.env.MUTANT_COUNTS ?? '/dev/null', `${status}\n`)
    if (SCORED.get(status) !== 'survived') return
    const { line, column } = location.start
    const original = oneLine(between(readFileSync(fileName, 'utf8'), location))
    const path = fileName.startsWith(`${process.cwd()}/`)
      ? fileName.slice(process.cwd().length + 1)
      : fileName
    const uncovered = status === 'NoCoverage' ? ', which no test runs' : ''
    process.stdout.write(
      `${path}:${line}:${column}: ${mutatorName}: ${original} → ${oneLine(replacement)}${uncovered}\n`,
    )
  }
}

/** How Stryker finds its plugins. */
export const strykerPlugins = [{ kind: 'Reporter', name: 'survivors', injectableClass: Survivors }]
