import { type Grouping } from '../ast.ts'
import { type Labels } from '../source.ts'
import { compareTexts } from '../strings.ts'

/** A key that is the same for equal label sets only: each name and value is written after its length. */
export function labelsKey(labels: Labels): string {
  let key = ''
  for (const [name, value] of labels) key += `${name.length}:${name}${value.length}:${value}`
  return key
}

/** The labels that a grouping keeps, in their order. */
export function groupLabels(labels: Labels, { without, labels: names }: Grouping): Labels {
  const kept = new Map<string, string>()
  for (const [name, value] of labels) if (names.includes(name) !== without) kept.set(name, value)
  return kept
}

/** The labels with one changed, or removed if the value is ''; still sorted by name. */
export function withLabel(labels: Labels, name: string, value: string): Labels {
  const changed = new Map(labels)
  if (value === '') {
    changed.delete(name)
    return changed
  }
  if (changed.has(name)) return changed.set(name, value)
  return new Map([...changed.set(name, value)].sort(([a], [b]) => compareTexts(a, b)))
}

/** Orders label sets by the first name or value that differs; the whole before its part, as Loki's recorded answers are. */
export function compareLabels(a: Labels, b: Labels): number {
  const others = b.entries()
  for (const [name, value] of a) {
    const other = others.next()
    if (other.done === true) return -1
    const order = compareTexts(name, other.value[0]) || compareTexts(value, other.value[1])
    if (order !== 0) return order
  }
  return b.size - a.size
}
