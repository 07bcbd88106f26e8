import { type ComparisonOperator, type LabelFilter } from '../ast.ts'
import { compileMatcher } from '../matchers.ts'
import { type Entry, labelOf, setError } from './entry.ts'
import { compileIpMatch } from './ip.ts'
import { type CompiledStage } from './stage.ts'
import { type Parsed, parseBytes, parseDurationNs, parseNumber } from './values.ts'

const LABEL_FILTER_ERROR = 'LabelFilterErr'

const COMPARISONS: Readonly<Record<ComparisonOperator, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
}

/**
 * A filter on labels. An entry whose label cannot be read as the number, duration or size that it is compared
 * with is kept and marked, unless it is marked already; one without the label is dropped. Throws LogqlError
 * (`parse`) for a wrong regular expression or address.
 */
export function compileLabelFilter(filter: LabelFilter): CompiledStage {
  switch (filter.kind) {
    case 'match': {
      const { name } = filter.matcher
      const matches = compileMatcher(filter.matcher)
      return (entry) => matches(labelOf(entry, name) ?? '')
    }
    case 'number':
      return compare(filter.label, parseNumber, filter.operator, filter.value)
    case 'duration':
      return compare(filter.label, parseDurationNs, filter.operator, filter.ns)
    case 'bytes':
      return compare(filter.label, parseBytes, filter.operator, filter.bytes)
    case 'ip': {
      const matches = compileIpMatch(filter.range)
      return (entry) => {
        const text = labelOf(entry, filter.label)
        return text !== undefined && matches(text) === (filter.operator === '=')
      }
    }
    case 'and':
    case 'or': {
      const left = compileLabelFilter(filter.left)
      const right = compileLabelFilter(filter.right)
      return filter.kind === 'and'
        ? (entry) => left(entry) && right(entry)
        : (entry) => left(entry) || right(entry)
    }
  }
}

const compare =
  (
    label: string,
    parse: (text: string) => Parsed,
    operator: ComparisonOperator,
    wanted: number,
  ): CompiledStage =>
  (entry: Entry) => {
    const text = labelOf(entry, label)
    if (text === undefined) return false
    const { value, problem } = parse(text)
    if (value !== undefined) return COMPARISONS[operator](value, wanted)
    if (entry.error === '') setError(entry, LABEL_FILTER_ERROR, problem)
    return true
  }
