import { compileRegexp } from '../regexp.ts'
import { compareTexts } from '../strings.ts'
import { type AlertContext, type Sample } from './alert-context.ts'
import { BUILTINS } from './builtins.ts'
import { toLower, toTitle, toUpper } from './characters.ts'
import { queryEscape } from './escape.ts'
import { fail, fixed, type TemplateFunction, variadic } from './function.ts'
import { stripDomain, stripPort } from './host.ts'
import {
  asFloat,
  durationOfSeconds,
  humanize,
  humanize1024,
  humanizeDuration,
  humanizePercentage,
  humanizeTimestamp,
  parsePrometheusDuration,
  timeOfSeconds,
} from './humanize.ts'
import { replaceAllBounded } from './regexp-functions.ts'
import { anyMap, type List, type Struct, textMap, type Value } from './value.ts'

const sampleOf = ({ labels, value }: Sample): Struct => ({
  kind: 'struct',
  type: '*template.sample',
  fields: new Map<string, Value>([
    ['Labels', textMap(labels)],
    ['Value', value],
  ]),
})

function labelOf(sample: Struct, name: string): string {
  const labels = sample.fields.get('Labels')
  const value = typeof labels === 'object' && labels?.kind === 'map' ? labels.get(name) : undefined
  return typeof value === 'string' ? value : ''
}

const sampleValue = (sample: Struct): Value => sample.fields.get('Value') ?? null

const sortedBy = (label: string, list: List): List => {
  const key = (sample: Value): string =>
    typeof sample === 'object' && sample?.kind === 'struct' ? labelOf(sample, label) : ''
  return { ...list, items: [...list.items].sort((a, b) => compareTexts(key(a), key(b))) }
}

const first = ({ items: [sample] }: List): Value =>
  sample ?? fail('first() called on vector with no elements')

const QUERY_FUNCTIONS: ReadonlyMap<string, TemplateFunction<unknown>> = new Map([
  ['first', fixed(['template.queryResult'], first)],
  ['label', fixed(['string', '*template.sample'], (name, sample) => labelOf(sample, name))],
  ['value', fixed(['*template.sample'], sampleValue)],
  ['strvalue', fixed(['*template.sample'], (sample) => labelOf(sample, '__value__'))],
  ['sortByLabel', fixed(['string', 'template.queryResult'], sortedBy)],
])

const NUMBER_FUNCTIONS: ReadonlyMap<string, TemplateFunction<unknown>> = new Map([
  ['humanize', fixed(['any'], (value) => humanize(asFloat(value)))],
  ['humanize1024', fixed(['any'], (value) => humanize1024(asFloat(value)))],
  ['humanizeDuration', fixed(['any'], (value) => humanizeDuration(asFloat(value)))],
  ['humanizePercentage', fixed(['any'], (value) => humanizePercentage(asFloat(value)))],
  ['humanizeTimestamp', fixed(['any'], (value) => humanizeTimestamp(asFloat(value)))],
  ['toTime', fixed(['any'], (value) => timeOfSeconds(asFloat(value)))],
  ['toDuration', fixed(['any'], (value) => durationOfSeconds(asFloat(value)))],
  ['parseDuration', fixed(['string'], parsePrometheusDuration)],
])

const graphUrl = (expression: string, tab: number): string =>
  `/graph?g0.expr=${queryEscape(expression)}&g0.tab=${tab}`

const TEXT_FUNCTIONS: ReadonlyMap<string, TemplateFunction<unknown>> = new Map([
  ['title', fixed(['string'], toTitle)],
  ['toUpper', fixed(['string'], toUpper)],
  ['toLower', fixed(['string'], toLower)],
  ['match', fixed(['string', 'string'], (pattern, text) => compileRegexp(pattern).test(text))],
  [
    'reReplaceAll',
    fixed(['string', 'string', 'string'], (pattern, by, text) =>
      replaceAllBounded(compileRegexp(pattern), text, by),
    ),
  ],
  ['graphLink', fixed(['string'], (expression) => graphUrl(expression, 0))],
  ['tableLink', fixed(['string'], (expression) => graphUrl(expression, 1))],
  ['urlQueryEscape', fixed(['string'], queryEscape)],
  ['stripPort', fixed(['string'], stripPort)],
  ['stripDomain', fixed(['string'], stripDomain)],
  // In the text of an alert nothing is escaped.
  ['safeHtml', fixed(['string'], (text) => text)],
  [
    'args',
    variadic([], 'any', (...values) => anyMap(new Map(values.map((value, index) => [`arg${index}`, value])))),
  ],
])

const contextual = (
  parameters: TemplateFunction<AlertContext>['parameters'],
  call: TemplateFunction<AlertContext>['call'],
): TemplateFunction<AlertContext> => ({ parameters, rest: undefined, call })

function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  return start < 0 ? '' : url.slice(start).replace(/[?#].*$/s, '')
}

const CONTEXT_FUNCTIONS: ReadonlyMap<string, TemplateFunction<AlertContext>> = new Map([
  [
    'query',
    contextual(['string'], ([text], { query }) => ({
      kind: 'list',
      type: 'template.queryResult',
      items: query(typeof text === 'string' ? text : '').map(sampleOf),
    })),
  ],
  ['externalURL', contextual([], (_, { externalUrl }) => externalUrl)],
  ['pathPrefix', contextual([], (_, { externalUrl }) => pathOf(externalUrl))],
  ['now', contextual([], (_, { timeSeconds }) => timeSeconds)],
])

/** What templates of alert rules may call, as Prometheus' "template reference" lists it, with Go's functions. */
export const ALERT_FUNCTIONS: ReadonlyMap<string, TemplateFunction<AlertContext>> = new Map<
  string,
  TemplateFunction<AlertContext>
>([...BUILTINS, ...QUERY_FUNCTIONS, ...NUMBER_FUNCTIONS, ...TEXT_FUNCTIONS, ...CONTEXT_FUNCTIONS])
