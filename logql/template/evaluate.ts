import { compileChain } from './chain.ts'
import { compileLiteral } from './compile-literal.ts'
import { type ParameterType, type TemplateFunction, typeAt } from './function.ts'
import { checkCount, checked, invoke } from './invoke.ts'
import {
  type ChainNode,
  type CommandNode,
  type FieldNode,
  type IdentifierNode,
  nodeText,
  type Operand,
  type PipelineNode,
  type VariableNode,
} from './nodes.ts'
import { type Evaluate, type Run, type Stage, stop } from './run.ts'
import { truth, type Value } from './value.ts'

/** The functions that templates may call, by name. */
export type Functions<Context> = ReadonlyMap<string, TemplateFunction<Context>>

/** Compiles a pipeline. Its value also goes into the variables that it declares or assigns. */
export function compilePipeline<Context>(
  pipeline: PipelineNode,
  functions: Functions<Context>,
): Evaluate<Context> {
  const [first, ...others] = pipeline.commands.map((command, index) =>
    compileCommand(command, index > 0, functions),
  )
  if (first === undefined) return () => null
  const piped = others.length === 0 ? first : oneByOne([first, ...others])
  const { declarations } = pipeline
  if (declarations.length === 0) return (run) => piped(run, null)
  return (run) => {
    const value = piped(run, null)
    for (const variable of declarations) setVariable(run, variable, value)
    return value
  }
}

/** A loop: a pipeline may have more stages than the stack has frames. */
const oneByOne =
  <Context>(stages: readonly Stage<Context>[]): Stage<Context> =>
  (run, piped) => {
    let value = piped
    for (const stage of stages) value = stage(run, value)
    return value
  }

/** Gives a variable its value. Refuses to assign one that nothing declared. */
export function setVariable<Context>(run: Run<Context>, { slot, name }: VariableNode, value: Value): void {
  if (slot < 0) stop(run, `undefined variable: ${name}`)
  run.variables[slot] = value
}

function compileCommand<Context>(
  command: CommandNode,
  isPiped: boolean,
  functions: Functions<Context>,
): Stage<Context> {
  const [first, ...operands] = command.operands
  if (first.kind === 'identifier') return compileCall(first, command, operands, isPiped, functions)
  if ('names' in first && first.names.length > 0) return compileFields(first, operands, isPiped, functions)
  const problem =
    first.kind === 'nil' ? 'nil is not a command' : `can't give argument to non-function ${nodeText(first)}`
  if (first.kind !== 'nil' && operands.length === 0 && !isPiped) return compileOperand(first, functions)
  return (run) => {
    run.node = first
    return stop(run, problem)
  }
}

/** The value of an operand that is a command or an argument of any type. */
function compileOperand<Context>(node: Operand, functions: Functions<Context>): Evaluate<Context> {
  switch (node.kind) {
    case 'dot':
      return (run) => {
        run.node = node
        return run.dot
      }
    case 'pipeline':
      return compilePipeline(node, functions)
    case 'identifier': {
      const stage = compileCall(node, node, [], false, functions)
      return (run) => stage(run, null)
    }
    case 'field':
    case 'chain':
    case 'variable': {
      if (node.kind === 'variable' && node.names.length === 0) return compileVariable(node)
      const stage = compileFields(node, [], false, functions)
      return (run) => stage(run, null)
    }
    default:
      return compileLiteral(node, 'any')
  }
}

function compileVariable<Context>(node: VariableNode): Evaluate<Context> {
  const { slot, name } = node
  return (run) => {
    const value = run.variables[slot]
    run.node = node
    return value === undefined ? stop(run, `undefined variable: ${name}`) : value
  }
}

/** The value of an argument for a parameter of that type. */
function compileArgument<Context>(
  node: Operand,
  type: ParameterType,
  functions: Functions<Context>,
): Evaluate<Context> {
  switch (node.kind) {
    case 'string':
    case 'bool':
    case 'number':
    case 'nil':
      return compileLiteral(node, type)
  }
  const evaluate = compileOperand(node, functions)
  return (run) => {
    run.node = node
    const value = evaluate(run)
    return type === 'any' ? value : checked(run, value, type)
  }
}

/** `and` and `or` evaluate no more arguments than they need. */
function compileShortCircuit<Context>(
  isOr: boolean,
  operands: readonly Operand[],
  isPiped: boolean,
  functions: Functions<Context>,
): Stage<Context> {
  const compiled = operands.map((operand) => compileOperand(operand, functions))
  return (run, piped) => {
    let value: Value = null
    for (const evaluate of compiled) {
      value = evaluate(run)
      if (truth(value) === isOr) return value
    }
    return isPiped ? piped : value
  }
}

function compileCall<Context>(
  identifier: IdentifierNode,
  node: CommandNode | IdentifierNode,
  operands: readonly Operand[],
  isPiped: boolean,
  functions: Functions<Context>,
): Stage<Context> {
  const { name } = identifier
  const called = functions.get(name)
  if (called === undefined) return (run) => stop(run, `${JSON.stringify(name)} is not a defined function`)
  const count = operands.length
  const hasEnough = count + (isPiped ? 1 : 0) >= called.parameters.length
  if ((name === 'and' || name === 'or') && hasEnough) {
    return compileShortCircuit(name === 'or', operands, isPiped, functions)
  }
  const compiled = operands.map((operand, index) =>
    compileArgument(operand, typeAt(called, index), functions),
  )
  const pipedType = typeAt(called, count)
  return (run, piped) => {
    run.node = identifier
    checkCount(run, name, called, count, isPiped)
    const values: Value[] = []
    for (const evaluate of compiled) values.push(evaluate(run))
    if (isPiped) values.push(checked(run, piped, pipedType))
    return invoke(run, node, name, called, values, run.context)
  }
}

/** Where a chain of fields starts. */
function compileStart<Context>(
  node: FieldNode | VariableNode | ChainNode,
  functions: Functions<Context>,
): Evaluate<Context> {
  if (node.kind === 'field') return (run) => run.dot
  if (node.kind === 'variable') return compileVariable(node)
  if (node.of.kind !== 'nil') return compileOperand(node.of, functions)
  return (run) => {
    run.node = node
    return stop(run, `indirection through explicit nil in ${nodeText(node)}`)
  }
}

/** A chain of fields, of which the last may be a method and gets the arguments. */
function compileFields<Context>(
  node: FieldNode | VariableNode | ChainNode,
  operands: readonly Operand[],
  isPiped: boolean,
  functions: Functions<Context>,
): Stage<Context> {
  const given = operands.map(
    (operand) =>
      (type: ParameterType): Evaluate<Context> =>
        compileArgument(operand, type, functions),
  )
  return compileChain(node, compileStart(node, functions), given, isPiped)
}
