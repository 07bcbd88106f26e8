import { parseBytes } from '../values.ts'
import { BUILTINS } from './builtins.ts'
import { fail, fixed, type TemplateFunction, variadic } from './function.ts'
import { fromJson } from './json.ts'
import { type LineContext } from './line-context.ts'
import { NUMBER_FUNCTIONS } from './number-functions.ts'
import { regexpFunctions } from './regexp-functions.ts'
import { TEXT_FUNCTIONS } from './text-functions.ts'
import { timeAt, timeFunctions } from './time-functions.ts'
import { truth } from './value.ts'

function bytes(text: string): number {
  const { value, problem } = parseBytes(text)
  return problem === undefined ? value : fail(problem)
}

const VALUE_FUNCTIONS: ReadonlyMap<string, TemplateFunction<unknown>> = new Map([
  ['default', variadic(['any'], 'any', (otherwise, given = null) => (truth(given) ? given : otherwise))],
  ['fromJson', fixed(['string'], fromJson)],
  ['bytes', fixed(['string'], bytes)],
])

const LINE_FUNCTIONS: ReadonlyMap<string, TemplateFunction<LineContext>> = new Map([
  ['__line__', { parameters: [], rest: undefined, call: (_, { line }) => line() }],
  ['__timestamp__', { parameters: [], rest: undefined, call: (_, { timeNs }) => timeAt(timeNs()) }],
])

/**
 * What `line_format` and `label_format` may call: Go's functions, those that Loki documents under "template
 * functions", and the line and its time. Make them once for a template.
 */
export const lineFunctions = (): ReadonlyMap<string, TemplateFunction<LineContext>> =>
  new Map<string, TemplateFunction<LineContext>>([
    ...BUILTINS,
    ...TEXT_FUNCTIONS,
    ...NUMBER_FUNCTIONS,
    ...VALUE_FUNCTIONS,
    ...regexpFunctions(),
    ...timeFunctions(),
    ...LINE_FUNCTIONS,
  ])
