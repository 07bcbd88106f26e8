import { lineFunctions } from './line_functions.ts'
import { type LineContext } from './line_context.ts'
import { parseTemplate } from './parser.ts'
import { type Run } from './run.ts'
import { compileTemplates } from './statements.ts'
import { type MapValue } from './value.ts'

export { type LineContext } from './line_context.ts'

/**
 * Compiles a template of `line_format` or `label_format`, which is Go's text/template with Loki's functions and
 * the labels as the dot. Loki names the template `line` or `label` in messages. Throws LogqlError (`parse`); the
 * result throws LogqlError (`execution`) with Go's message, or `limit` where the template does too much.
 */
export function compileLineTemplate(text: string, name = 'line'): (context: LineContext) => string {
  const functions = lineFunctions()
  const set = parseTemplate(text, name, (called) => functions.has(called))
  const compiled = compileTemplates(set, functions)
  const main = compiled.get(name)
  const node = { kind: 'dot', at: 0 } as const
  return (context) => {
    const dot: MapValue = {
      kind: 'map',
      type: 'map[string]string',
      zero: '',
      get: context.label,
      entries: context.labels,
    }
    const run: Run<LineContext> = {
      set,
      context,
      out: '',
      dot,
      variables: [dot],
      steps: 0,
      missingKey: 'zero',
      depth: 0,
      template: name,
      node,
    }
    main?.execute(run)
    return run.out
  }
}
