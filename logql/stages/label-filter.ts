import { type ComparisonOperator, type LabelFilter } from '../ast.ts'
import { COMPARISONS } from '../comparisons.ts'
import { formatSize } from '../sizes.ts'
import { type Parsed, parseBytes, parseDurationNs, parseNumber } from '../values.ts'
import { ERROR_LABEL, type LabelView, labelOf, plainLabelOf, setError } from './entry.ts'
import { compileIpMatch, isIpPattern } from './ip.ts'
import { compileLabelMatch } from './label-match.ts'

/** Whether an entry passes; may mark it. */
export type LabelTest = (view: LabelView) => boolean

const LABEL_FILTER_ERROR = 'LabelFilterErr'

/**
 * A filter on labels. An entry whose label is not a number, duration or size, as the filter needs it, is kept and marked,
 * unless it is marked already; one without the label is dropped. A marked entry passes filters by address. Filters see
 * `__error__` but not `__error_details__`. Throws LogqlError (`parse`) for an invalid regular expression or address.
 */
export function compileLabelFilter(filter: LabelFilter): LabelTest {
  switch (filter.kind) {
    case 'match': {
      const { name } = filter.matcher
      const matches = compileLabelMatch(filter.matcher)
      const read = name === ERROR_LABEL ? labelOf : plainLabelOf
      return (view) => matches(read(view, name) ?? '')
    }
    case 'number':
      return compare(filter.label, parseNumber, filter.operator, filter.value)
    case 'duration':
      return compare(filter.label, parseDurationNs, filter.operator, filter.ns)
    case 'bytes':
      return compare(filter.label, parseBytes, filter.operator, shownBytes(filter.bytes))
    case 'ip': {
      const matches = compileIpMatch(filter.range)
      return (view) => {
        if (view.error !== '') return true
        const text = plainLabelOf(view, filter.label)
        return text !== undefined && matches(text) === (filter.operator === '=')
      }
    }
    case 'and':
    case 'or': {
      const left = compileInnerFilter(filter.left)
      const right = compileInnerFilter(filter.right)
      return filter.kind === 'and' ? (view) => left(view) && right(view) : (view) => left(view) || right(view)
    }
  }
}

/**
 * A filter that is joined with others or follows `unwrap`. There Loki does not refuse an invalid address: neither `=` nor
 * `!=` then matches any label. Otherwise throws as `compileLabelFilter`.
 */
export function compileInnerFilter(filter: LabelFilter): LabelTest {
  return filter.kind === 'ip' && !isIpPattern(filter.range)
    ? (view) => view.error !== ''
    : compileLabelFilter(filter)
}

/**
 * A size after it was formatted and parsed again: `1KiB` becomes 1.0kB, which is 1000 bytes. Loki passes queries between
 * its parts as text and so compares with this size; measured with 3.7.3 and 3.7.4.
 */
const shownBytes = (bytes: number): number => parseBytes(formatSize(bytes)).value ?? bytes

const compare =
  (label: string, parse: (text: string) => Parsed, operator: ComparisonOperator, wanted: number): LabelTest =>
  (view) => {
    const text = plainLabelOf(view, label)
    if (text === undefined) return false
    const { value, problem } = parse(text)
    if (value !== undefined) return COMPARISONS[operator](value, wanted)
    if (view.error === '') setError(view, LABEL_FILTER_ERROR, problem)
    return true
  }
