import { BUILTINS } from './builtins.ts'
import { type TemplateFunction } from './function.ts'
import { type LineContext } from './line_context.ts'
import { regexpFunctions } from './regexp_functions.ts'
import { TEXT_FUNCTIONS } from './text_functions.ts'

const LINE_FUNCTIONS: ReadonlyMap<string, TemplateFunction<LineContext>> = new Map([
  ['__line__', { parameters: [], rest: undefined, call: (_, context) => context.line() }],
])

/** What `line_format` and `label_format` may call. */
export const lineFunctions = (): ReadonlyMap<string, TemplateFunction<LineContext>> =>
  new Map<string, TemplateFunction<LineContext>>([
    ...BUILTINS,
    ...TEXT_FUNCTIONS,
    ...regexpFunctions(),
    ...LINE_FUNCTIONS,
  ])
