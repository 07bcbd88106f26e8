import { compilePipeline, type Functions, setVariable } from './evaluate.ts'
import { type BranchNode, type CallNode, type Statement, type TemplateSet } from './nodes.ts'
import { print } from './print.ts'
import { type Run, spend, stop, write } from './run.ts'
import { int, isInteger, sortedEntries, truth, type Value } from './value.ts'

/** How a statement ended: the loop around it continues with the next statement, ends, or starts its next iteration. */
type Ending = 'next' | 'break' | 'continue'
/** A compiled statement. */
export type Execute<Context> = (run: Run<Context>) => Ending
/** The compiled templates of a text, by name. */
export type Compiled<Context> = Map<string, Execute<Context>>

/** How deep statements may be nested while they are executed, through `{{template}}` calls too. */
const MAX_NESTING = 500

/** Compiles the templates of a text. */
export function compileTemplates<Context>(
  set: TemplateSet,
  functions: Functions<Context>,
): Compiled<Context> {
  const compiled: Compiled<Context> = new Map()
  for (const [name, body] of set.templates) {
    compiled.set(name, compileList(body, functions, compiled))
  }
  return compiled
}

function compileList<Context>(
  statements: readonly Statement[],
  functions: Functions<Context>,
  templates: Compiled<Context>,
): Execute<Context> {
  const compiled = statements.map((statement) => compileStatement(statement, functions, templates))
  return (run) => {
    run.depth += 1
    if (run.depth > MAX_NESTING) stop(run, `exceeded maximum template depth (${MAX_NESTING})`)
    let ending: Ending = 'next'
    for (const execute of compiled) {
      ending = execute(run)
      if (ending !== 'next') break
    }
    run.depth -= 1
    return ending
  }
}

function compileStatement<Context>(
  statement: Statement,
  functions: Functions<Context>,
  templates: Compiled<Context>,
): Execute<Context> {
  switch (statement.kind) {
    case 'text': {
      const { text } = statement
      return (run) => {
        write(run, text)
        return 'next'
      }
    }
    case 'action': {
      const evaluate = compilePipeline(statement.pipeline, functions)
      const isPrinted = statement.pipeline.declarations.length === 0
      return (run) => {
        const value = evaluate(run)
        if (isPrinted) write(run, typeof value === 'string' ? value : print(value))
        return 'next'
      }
    }
    case 'break':
      return () => 'break'
    case 'continue':
      return () => 'continue'
    case 'if':
    case 'with':
      return compileCondition(statement, functions, templates)
    case 'range':
      return compileRange(statement, functions, templates)
    case 'template':
      return compileTemplateCall(statement, functions, templates)
  }
}

function compileCondition<Context>(
  { kind, pipeline, body, otherwise }: BranchNode,
  functions: Functions<Context>,
  templates: Compiled<Context>,
): Execute<Context> {
  const condition = compilePipeline(pipeline, functions)
  const yes = compileList(body, functions, templates)
  const no = compileList(otherwise, functions, templates)
  if (kind === 'if') return (run) => (truth(condition(run)) ? yes(run) : no(run))
  return (run) => {
    const value = condition(run)
    return truth(value) ? withDot(run, value, yes) : no(run)
  }
}

function withDot<Context>(run: Run<Context>, value: Value, execute: Execute<Context>): Ending {
  const { dot } = run
  run.dot = value
  const ending = execute(run)
  run.dot = dot
  return ending
}

function compileRange<Context>(
  node: BranchNode,
  functions: Functions<Context>,
  templates: Compiled<Context>,
): Execute<Context> {
  const { declarations } = node.pipeline
  // The loop, not the pipeline, gives the variables their values.
  const evaluate = compilePipeline({ ...node.pipeline, declarations: [] }, functions)
  const body = compileList(node.body, functions, templates)
  const otherwise = compileList(node.otherwise, functions, templates)
  const [first, second] = declarations
  return (run) => {
    const value = evaluate(run)
    let isEmpty = true
    for (const [key, element] of iterate(run, value, declarations.length)) {
      isEmpty = false
      spend(run, 0)
      if (first !== undefined) setVariable(run, first, second === undefined ? element : key)
      if (second !== undefined) setVariable(run, second, element)
      const ending = withDot(run, element, body)
      if (ending === 'break') break
    }
    return isEmpty ? otherwise(run) : 'next'
  }
}

function* iterate<Context>(
  run: Run<Context>,
  value: Value,
  variables: number,
): Iterable<readonly [Value, Value]> {
  if (value === null) return
  if (isInteger(value)) {
    if (variables > 1) stop(run, `can't use ${print(value)} to iterate over more than one variable`)
    for (let count = 0n; count < value.value; count += 1n) yield [null, { ...value, value: count }]
  } else if (typeof value === 'object' && value.kind === 'list') {
    for (const [index, item] of value.items.entries()) yield [int(index), item]
  } else if (typeof value === 'object' && value.kind === 'map') {
    yield* sortedEntries(value)
  } else {
    stop(run, `range can't iterate over ${print(value)}`)
  }
}

function compileTemplateCall<Context>(
  node: CallNode,
  functions: Functions<Context>,
  templates: Compiled<Context>,
): Execute<Context> {
  const { name, pipeline } = node
  const evaluate = pipeline === undefined ? () => null : compilePipeline(pipeline, functions)
  return (run) => {
    run.node = node
    const called = templates.get(name)
    if (called === undefined) return stop(run, `template ${JSON.stringify(name)} not defined`)
    spend(run, 0)
    const dot = evaluate(run)
    const { variables, template } = run
    run.variables = [dot]
    run.template = name
    withDot(run, dot, called)
    run.variables = variables
    run.template = template
    return 'next'
  }
}
