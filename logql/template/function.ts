import { LogqlError } from '../error.ts'
import { type Integer, type List, type Location, type Struct, type Time, type Value } from './value.ts'

/** Parameter types and what a function gets for them. `any` takes every value, nil too. */
type Argument = {
  string: string
  int: Integer
  float64: number
  bool: boolean
  'time.Time': Time
  'time.Duration': Integer
  '*time.Location': Location
  'template.queryResult': List
  '*template.sample': Struct
  any: Value
}
export type ParameterType = keyof Argument

/**
 * A function of templates. `call` gets as many arguments as `parameters` has and any number for `rest`, all
 * checked against their types, and what the template was executed with. It throws LogqlError (`execution`).
 */
export type TemplateFunction<Context> = {
  parameters: readonly ParameterType[]
  rest: ParameterType | undefined
  call: (values: readonly Value[], context: Context) => Value
}

/** The type of the parameter at an index. */
export const typeAt = ({ parameters, rest }: TemplateFunction<never>, index: number): ParameterType =>
  parameters[index] ?? rest ?? 'any'

type ArgumentsOf<Types extends readonly ParameterType[]> = { [Index in keyof Types]: Argument[Types[Index]] }

/** A function with a fixed number of parameters. */
export function fixed<const Types extends readonly ParameterType[]>(
  parameters: Types,
  call: (...values: ArgumentsOf<Types>) => Value,
): TemplateFunction<unknown> {
  // The evaluator checks each value against `parameters` before the call.
  return { parameters, rest: undefined, call: (values) => call(...(values as ArgumentsOf<Types>)) }
}

/** A function whose last parameter may be given any number of times. */
export function variadic<const Types extends readonly ParameterType[], Rest extends ParameterType>(
  parameters: Types,
  rest: Rest,
  call: (...values: [...ArgumentsOf<Types>, ...Argument[Rest][]]) => Value,
): TemplateFunction<unknown> {
  return {
    parameters,
    rest,
    call: (values) => call(...(values as [...ArgumentsOf<Types>, ...Argument[Rest][]])),
  }
}

/** Refuses to go on, with what Go says. */
export function fail(message: string): never {
  throw new LogqlError('execution', message)
}
