import { type BinaryExpr, type Grouping, type RangeExpr, type VectorExpr } from '../ast.ts'
import { formatGoDuration, formatModelDuration } from '../durations.ts'

/** `by (a,b)` or `without (a,b)`. Pure. */
const formatGrouping = ({ without, labels }: Grouping): string =>
  `${without ? 'without' : 'by'} (${labels.join(',')})`

/** A vector aggregation before its parenthesis: `sum by (a)`. Pure. */
export const vectorHead = ({ operation, grouping }: VectorExpr): string =>
  grouping === undefined ? operation : `${operation} ${formatGrouping(grouping)}`

/** A range aggregation after its parenthesis: nothing or ` by (a)`. Pure. */
export const rangeTail = ({ grouping }: RangeExpr): string =>
  grouping === undefined ? '' : ` ${formatGrouping(grouping)}`

/** `[5m] offset 1h0m0s`. Pure. */
export const formatRange = ({ rangeNs, offsetNs }: RangeExpr): string =>
  `[${formatModelDuration(rangeNs)}]${offsetNs === 0n ? '' : ` offset ${formatGoDuration(offsetNs)}`}`

/**
 * The operator of a binary operation with what modifies it: `> bool`, `/ on (a) group_left (b)`. `right` is the
 * right side as it is written after it. Pure.
 */
export function formatOperator({ operator, bool, matching }: BinaryExpr, right: string): string {
  const head = bool ? `${operator} bool` : operator
  if (matching === undefined) return head
  const { on, labels, group, include } = matching
  // A parenthesis right after `group_left` would be parsed as its labels. (Loki writes it nevertheless.)
  const isMistakable = include.length === 0 && right.trimStart().startsWith('(')
  const included = include.length > 0 || isMistakable ? ` (${include.join(',')})` : ''
  // Without a group there is a space at the end, as recorded from Loki.
  const tail = group === undefined ? '' : `group_${group}${included}`
  return `${head} ${on ? 'on' : 'ignoring'} (${labels.join(',')}) ${tail}`
}

/** `vector(1.000000)`: always six digits after the point, as recorded of Loki, be they enough or not. Pure. */
export const formatVector = (value: number): string => `vector(${value.toFixed(6)})`
