import { type TemplateFunction } from './function.ts'
import { type Value } from './value.ts'

/** The method of that name that a value has. Only times and Go's named integers of them have methods. */
export function methodOf(receiver: Value, _name: string): TemplateFunction<Value> | undefined {
  if (typeof receiver !== 'object' || receiver === null) return undefined
  return undefined
}
