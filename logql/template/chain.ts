import { type ParameterType, typeAt } from './function.ts'
import { checkCount, checked, fieldOf, invoke, methodFor } from './invoke.ts'
import { type ChainNode, type FieldNode, type VariableNode } from './nodes.ts'
import { type Evaluate, type Run, type Stage } from './run.ts'
import { type Value } from './value.ts'

/** Compiles an argument for a parameter of that type. */
type Argument<Context> = (type: ParameterType) => Evaluate<Context>

/**
 * Compiles `.a.b`, `$x.a.b` and `(…).a.b`; `start` is what stands before the first name. The last name may be a method
 * and gets the arguments.
 */
export function compileChain<Context>(
  node: FieldNode | VariableNode | ChainNode,
  start: Evaluate<Context>,
  given: readonly Argument<Context>[],
  isPiped: boolean,
): Stage<Context> {
  const [first = '', ...others] = node.names
  const isCalled = given.length > 0 || isPiped
  const last = isCalled ? node.names.at(-1) : undefined
  const fields = isCalled ? others.slice(0, -1) : others
  const isOnlyMethod = isCalled && others.length === 0
  return (run, piped) => {
    run.node = node
    let receiver = start(run)
    if (!isOnlyMethod) receiver = fieldOf(run, receiver, first, true)
    for (const name of fields) receiver = fieldOf(run, receiver, name, false)
    return last === undefined ? receiver : callMethod(run, receiver, last, given, isPiped ? [piped] : [])
  }
}

/** Calls a method with arguments; `piped` has the value of the stage before, if there is one. */
function callMethod<Context>(
  run: Run<Context>,
  receiver: Value,
  name: string,
  given: readonly Argument<Context>[],
  piped: readonly Value[],
): Value {
  const { node } = run
  const method = methodFor(run, receiver, name)
  checkCount(run, name, method, given.length, piped.length > 0)
  const values = given.map((argument, index) => argument(typeAt(method, index))(run))
  for (const value of piped) values.push(checked(run, value, typeAt(method, given.length)))
  return invoke(run, node, name, method, values, receiver)
}
