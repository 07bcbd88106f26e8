import {
  type Extraction,
  type LabelChoice,
  type LabelFilter,
  type LabelFormat,
  type LineFilter,
  type Matcher,
  type Stage,
  type Unwrap,
} from '../ast.ts'
import { formatGoDuration } from '../durations.ts'
import { formatPlainNumber } from '../numbers.ts'
import { simpleRegexp } from '../regexp/simple.ts'
import { formatSize } from '../sizes.ts'
import { quote } from '../strings.ts'

const formatMatcher = ({ name, operator, value }: Matcher): string => `${name}${operator}${quote(value)}`

/** `{a="b", c=~"d"}`. Pure. */
export const formatSelector = (matchers: readonly Matcher[]): string =>
  `{${matchers.map(formatMatcher).join(', ')}}`

/** One stage of a pipeline with its `|`. Pure. */
export function formatStage(stage: Stage): string {
  switch (stage.kind) {
    case 'line_filter':
      return formatLineFilter(stage)
    case 'json':
      return `| json${formatExtractions(stage.extractions)}`
    case 'logfmt':
      return `| logfmt${stage.strict ? ' --strict' : ''}${stage.keepEmpty ? ' --keep-empty' : ''}${formatExtractions(stage.extractions)}`
    case 'regexp':
    case 'pattern':
      return `| ${stage.kind} ${quote(stage.pattern)}`
    case 'unpack':
    case 'decolorize':
      return `| ${stage.kind}`
    case 'label_filter':
      return `| ${formatLabelFilter(stage.filter)}`
    case 'line_format':
      return `| line_format ${quote(stage.template)}`
    case 'label_format':
      return `| label_format ${stage.formats.map(formatLabelFormat).join(',')}`
    case 'drop':
    case 'keep':
      return `| ${stage.kind} ${stage.labels.map(formatChoice).join(',')}`
  }
}

const formatLineFilter = ({ operator, terms }: LineFilter): string =>
  `${operator} ${terms.map(({ text, isIp }) => (isIp ? `ip(${quote(text)})` : quote(text))).join(' or ')}`

const formatExtractions = (extractions: readonly Extraction[]): string =>
  extractions.length === 0
    ? ''
    : ` ${extractions.map(({ label, path }) => `${label}=${quote(path)}`).join(',')}`

const formatLabelFormat = ({ label, from }: LabelFormat): string =>
  `${label}=${'label' in from ? from.label : quote(from.template)}`

const formatChoice = ({ name, matcher }: LabelChoice): string =>
  matcher === undefined ? name : formatMatcher(matcher)

/** A label filter; joined filters are in parentheses, with a comma for `and`. Pure. */
export function formatLabelFilter(filter: LabelFilter): string {
  switch (filter.kind) {
    case 'match':
      return formatLabelMatch(filter.matcher)
    case 'number':
      return `${filter.label}${filter.operator}${formatPlainNumber(filter.value)}`
    case 'duration':
      return `${filter.label}${filter.operator}${formatGoDuration(BigInt(filter.ns))}`
    case 'bytes':
      return `${filter.label}${filter.operator}${formatSize(filter.bytes)}`
    case 'ip':
      return `${filter.label}${filter.operator}ip(${quote(filter.range)})`
    case 'and':
      return `( ${formatLabelFilter(filter.left)} , ${formatLabelFilter(filter.right)} )`
    case 'or':
      return `( ${formatLabelFilter(filter.left)} or ${formatLabelFilter(filter.right)} )`
  }
}

/**
 * As recorded from Loki, the regular expression of `=~` is in backquotes here unless it is a simple one; that of `!~` is
 * not. One that has a backquote cannot be. (Loki puts it in backquotes nevertheless.)
 */
const formatLabelMatch = (matcher: Matcher): string =>
  matcher.operator === '=~' && !/[`\r]/.test(matcher.value) && simpleRegexp(matcher.value) === undefined
    ? `${matcher.name}=~\`${matcher.value}\``
    : formatMatcher(matcher)

/** The `unwrap` stage and the label filters after it, each with its `|`. Pure. */
export const formatUnwrap = ({ label, conversion, filters }: Unwrap): string[] => [
  `| unwrap ${conversion === undefined ? label : `${conversion}(${label})`}`,
  ...filters.map((filter) => `| ${formatLabelFilter(filter)}`),
]
