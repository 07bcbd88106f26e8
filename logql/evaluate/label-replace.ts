import { type LabelReplaceExpr } from '../ast.ts'
import { compileRegexp, expand } from '../regexp.ts'
import { type Labels } from '../source.ts'
import { withLabel } from './labels.ts'

/**
 * How `label_replace` changes labels: if the whole source label matches the pattern, the target label becomes the
 * replacement, or is removed if that is empty. Throws LogqlError (`parse`) for an invalid pattern.
 */
export function labelReplacer({
  target,
  replacement,
  source,
  pattern,
}: LabelReplaceExpr): (labels: Labels) => Labels {
  const regexp = compileRegexp(`^(?:${pattern})$`)
  return (labels) => {
    const groups = regexp.exec(labels.get(source) ?? '')
    if (groups === undefined) return labels
    const value = expand(replacement, regexp.groupNames, (index) => groups[index] ?? '')
    return withLabel(labels, target, value)
  }
}
