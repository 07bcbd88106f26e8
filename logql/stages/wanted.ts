import { type Grouping, type LabelFilter, type Stage, type Unwrap } from '../ast.ts'
import { tokenize } from '../template/lexer.ts'

/**
 * The labels that stages and what is unwrapped read, and that a result is grouped by; undefined when all may
 * matter. With this set, as in Loki, parsers extract no other label, stop when they have them all, and skip the line if
 * they want nothing of it: they then do not see errors further on in the line.
 */
export function wantedLabels(
  stages: readonly Stage[],
  unwrap: Unwrap | undefined,
  grouping: Grouping | undefined,
): ReadonlySet<string> | undefined {
  if (grouping === undefined || grouping.without) return undefined
  const wanted = new Set(grouping.labels)
  const filters = unwrap?.filters ?? []
  if (unwrap !== undefined) wanted.add(unwrap.label)
  for (const filter of filters) addFilter(wanted, filter)
  for (const stage of stages) {
    if (stage.kind === 'label_filter') addFilter(wanted, stage.filter)
    if (stage.kind === 'line_format' && !addTemplate(wanted, stage.template)) return undefined
    if (stage.kind !== 'label_format') continue
    for (const { from } of stage.formats) {
      if ('label' in from) wanted.add(from.label)
      else if (!addTemplate(wanted, from.template)) return undefined
    }
  }
  return wanted
}

function addFilter(wanted: Set<string>, filter: LabelFilter): void {
  if ('left' in filter) {
    addFilter(wanted, filter.left)
    addFilter(wanted, filter.right)
  } else wanted.add('matcher' in filter ? filter.matcher.name : filter.label)
}

/** Adds the labels that a template names; false when it may read all of them (`{{ . }}`, `{{ index $ "a" }}`). */
function addTemplate(wanted: Set<string>, template: string): boolean {
  const tokens = tokenize(template)
  return tokens.every(({ kind, text }, index) => {
    if (kind === 'field') wanted.add(text.slice(1))
    const isRoot = kind === 'variable' && text === '$' && tokens[index + 1]?.kind !== 'field'
    return kind !== 'dot' && !isRoot
  })
}
