import { type Functions } from './evaluate.ts'
import { parseTemplate } from './parser.ts'
import { type Run } from './run.ts'
import { compileTemplates } from './statements.ts'
import { type Value } from './value.ts'

/**
 * Compiles a template. What comes out is executed with what the functions read and with the dot; it throws
 * LogqlError (`execution`) with Go's message, or (`limit`) where the template does too much. Throws LogqlError
 * (`parse`).
 */
export function compileTemplate<Context>(
  text: string,
  name: string,
  functions: Functions<Context>,
): (context: Context, dot: Value) => string {
  const set = parseTemplate(text, name, (called) => functions.has(called))
  const main = compileTemplates(set, functions).get(name)
  const node = { kind: 'dot', at: 0 } as const
  return (context, dot) => {
    const run: Run<Context> = {
      set,
      context,
      out: '',
      dot,
      variables: [dot],
      steps: 0,
      depth: 0,
      template: name,
      node,
    }
    main?.(run)
    return run.out
  }
}
