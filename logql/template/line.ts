import { compileTemplate } from './execute.ts'
import { type LineContext } from './line-context.ts'
import { lineFunctions } from './line-functions.ts'

export type { LineContext } from './line-context.ts'

/**
 * Compiles a template of `line_format` or `label_format`, which is Go's text/template with Loki's functions and
 * the labels as the dot. Loki names the template `line` or `label` in messages. Throws LogqlError (`parse`); the
 * result throws LogqlError (`execution`) with Go's message, or `limit` where the template does too much.
 */
export function compileLineTemplate(text: string, name = 'line'): (context: LineContext) => string {
  const execute = compileTemplate(text, name, lineFunctions())
  return (context) =>
    execute(context, {
      kind: 'map',
      type: 'map[string]string',
      zero: '',
      get: context.label,
      entries: context.labels,
    })
}
