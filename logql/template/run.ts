import { LogqlError } from '../error.ts'
import { MAX_STEPS, MAX_TEXT } from './limits.ts'
import { type CallNode, type CommandNode, nodeText, type Operand, type TemplateSet } from './nodes.ts'
import { positionAt } from './reader.ts'
import { type Value } from './value.ts'

/** One execution. It is changed in place: templates run on every line. */
export type Run<Context> = {
  readonly set: TemplateSet
  readonly context: Context
  out: string
  dot: Value
  /** By slot; 0 is `$`. Undefined is a variable that was not declared on the way here. */
  variables: (Value | undefined)[]
  steps: number
  /** How many lists of statements are under way, one in the other. */
  depth: number
  /** The name of the template that is executed. */
  template: string
  /** What is evaluated, for error messages. */
  node: Operand | CommandNode | CallNode
}

/** What is compiled: it gives its value in an execution. */
export type Evaluate<Context> = (run: Run<Context>) => Value
/** A compiled stage of a pipeline; `piped` is the value of the stage before it. */
export type Stage<Context> = (run: Run<Context>, piped: Value) => Value

/** Stops the execution with Go's message: where, what is evaluated, and why. */
export function stop<Context>(run: Run<Context>, message: string): never {
  const { set, node, template } = run
  const { line } = positionAt(set.text, node.at)
  const lineStart = set.text.lastIndexOf('\n', node.at - 1) + 1
  const column = Buffer.byteLength(set.text.slice(lineStart, node.at))
  const where = `${set.name}:${line}:${column}: executing ${JSON.stringify(template)} at <${nodeText(node)}>`
  throw new LogqlError('execution', `template: ${where}: ${message}`)
}

/** Counts what was done, in steps and in characters handled. */
export function spend<Context>(run: Run<Context>, characters: number): void {
  run.steps += 1 + (characters >>> 6)
  if (run.steps > MAX_STEPS) throw new LogqlError('limit', 'the template takes too many steps')
}

export function write<Context>(run: Run<Context>, text: string): void {
  run.out += text
  if (run.out.length > MAX_TEXT) {
    throw new LogqlError('limit', `the template makes a text of more than ${MAX_TEXT} characters`)
  }
}
