import { type LabelChoice } from '../ast.ts'
import { compileMatcher } from '../matchers.ts'
import { type Entry, labelOf, removeLabel } from './entry.ts'
import { type CompiledStage } from './stage.ts'

type Choice = { name: string; matches: (value: string) => boolean }

const compileChoices = (choices: readonly LabelChoice[]): Choice[] =>
  choices.map(({ name, matcher }) => ({
    name,
    matches: matcher === undefined ? () => true : compileMatcher(matcher),
  }))

/** `drop`: removes these labels, those with a matcher only if it matches. Throws LogqlError (`parse`). */
export function compileDrop(labels: readonly LabelChoice[]): CompiledStage {
  const choices = compileChoices(labels)
  return (entry) => {
    for (const { name, matches } of choices) {
      const value = labelOf(entry, name)
      if (value !== undefined && matches(value)) removeLabel(entry, name)
    }
    return true
  }
}

/** `keep`: removes all other labels but `__error__` and `__error_details__`. Throws LogqlError (`parse`). */
export function compileKeep(labels: readonly LabelChoice[]): CompiledStage {
  const choices = compileChoices(labels)
  const isKept = (name: string, value: string): boolean =>
    choices.some((choice) => choice.name === name && choice.matches(value))
  return (entry: Entry) => {
    for (const part of [entry.stream, entry.metadata, entry.parsed])
      for (const [name, value] of part ?? []) if (!isKept(name, value)) removeLabel(entry, name)
    return true
  }
}
