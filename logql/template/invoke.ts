import { LogqlError } from '../error.ts'
import { type ParameterType, type TemplateFunction } from './function.ts'
import { checkLength } from './limits.ts'
import { methodOf } from './methods.ts'
import { type Run, spend, stop } from './run.ts'
import { typeOf, type Value } from './value.ts'

/** Refuses a value that is not of the type that a parameter has. */
export function checked<Context>(run: Run<Context>, value: Value, type: ParameterType): Value {
  if (type === 'any' || typeOf(value) === type) return value
  return stop(
    run,
    value === null
      ? `invalid value; expected ${type}`
      : `wrong type for value; expected ${type}; got ${typeOf(value)}`,
  )
}

/** Refuses a number of arguments that the function does not take. */
export function checkCount<Context>(
  run: Run<Context>,
  name: string,
  { parameters, rest }: TemplateFunction<never>,
  given: number,
  isPiped: boolean,
): void {
  const all = given + (isPiped ? 1 : 0)
  if (rest === undefined ? all === parameters.length : all >= parameters.length) return
  const wanted =
    rest === undefined
      ? `want ${parameters.length} got ${all}`
      : `want at least ${parameters.length} got ${given}`
  stop(run, `wrong number of args for ${name}: ${wanted}`)
}

const lengthOf = (value: Value): number => (typeof value === 'string' ? value.length : 0)

/** Calls a function with checked arguments. Its errors become those of the execution, at `node`. */
export function invoke<Context, Receiver>(
  run: Run<Context>,
  node: Run<Context>['node'],
  name: string,
  { call }: TemplateFunction<Receiver>,
  values: readonly Value[],
  receiver: Receiver,
): Value {
  let characters = 0
  for (const value of values) characters += lengthOf(value)
  spend(run, characters)
  try {
    const result = call(values, receiver)
    if (typeof result === 'string') {
      checkLength(result.length)
      spend(run, result.length)
    }
    return result
  } catch (error) {
    if (!(error instanceof LogqlError) || error.kind === 'limit') throw error
    run.node = node
    return stop(run, `error calling ${name}: ${error.message}`)
  }
}

/**
 * A field, a key or a method without arguments of a value; what a map does not have is the zero of
 * its elements (Go's `missingkey=zero`). `isFirst` says that the value does not come from another field.
 */
export function fieldOf<Context>(run: Run<Context>, receiver: Value, name: string, isFirst: boolean): Value {
  if (typeof receiver === 'object') {
    if (receiver === null) {
      return isFirst ? null : stop(run, `nil pointer evaluating interface {}.${name}`)
    }
    if (receiver.kind === 'map') {
      const value = receiver.get(name)
      return value ?? receiver.zero
    }
    if (receiver.kind === 'struct') {
      const value = receiver.fields.get(name)
      if (value !== undefined) return value
    }
    const method = methodOf(receiver, name)
    if (method !== undefined) {
      checkCount(run, name, method, 0, false)
      return invoke(run, run.node, name, method, [], receiver)
    }
  }
  return stop(run, `can't evaluate field ${name} in type ${typeOf(receiver)}`)
}

/** The method that is called with arguments; refuses what is none. */
export function methodFor<Context>(
  run: Run<Context>,
  receiver: Value,
  name: string,
): TemplateFunction<unknown> {
  const method = methodOf(receiver, name)
  if (method !== undefined) return method
  if (typeof receiver === 'object' && receiver?.kind === 'map') {
    return stop(run, `${name} is not a method but has arguments`)
  }
  if (typeof receiver === 'object' && receiver?.kind === 'struct' && receiver.fields.has(name)) {
    return stop(run, `${name} has arguments but cannot be invoked as function`)
  }
  return stop(run, `can't evaluate field ${name} in type ${typeOf(receiver)}`)
}
