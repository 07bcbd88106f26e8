import { type TemplateFunction } from './function.ts'
import { integerMethod, locationMethod, timeMethod } from './time-methods.ts'
import { type Value } from './value.ts'

/** The method of that name that a value has, bound to it. Only times, their zones and Go's named integers have methods. */
export function methodOf(receiver: Value, name: string): TemplateFunction<unknown> | undefined {
  if (typeof receiver !== 'object' || receiver === null) return undefined
  if (receiver.kind === 'time') return bound(timeMethod(name), receiver)
  if (receiver.kind === 'location') return bound(locationMethod(name), receiver)
  return receiver.kind === 'integer' ? bound(integerMethod(receiver, name), receiver) : undefined
}

const bound = <Receiver>(
  method: TemplateFunction<Receiver> | undefined,
  receiver: Receiver,
): TemplateFunction<unknown> | undefined =>
  method === undefined ? undefined : { ...method, call: (values) => method.call(values, receiver) }
