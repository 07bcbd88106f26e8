import { compareTexts } from '../strings.ts'

/** Go's integer types that a template meets. `time.Duration` counts ns, a month is 1 to 12, Sunday is 0. */
export type IntegerType = 'int' | 'int64' | 'uint8' | 'time.Duration' | 'time.Month' | 'time.Weekday'
export type Integer = { kind: 'integer'; type: IntegerType; value: bigint }
export type List = { kind: 'list'; type: string; items: readonly Value[] }
/** A map from texts. `zero` is what it has for a key that is not there: null where the elements are interfaces. */
export type MapValue = {
  kind: 'map'
  type: string
  zero: Value
  get: (key: string) => Value | undefined
  /** In any order. */
  entries: () => Iterable<readonly [string, Value]>
}
export type Struct = { kind: 'struct'; type: string; fields: ReadonlyMap<string, Value> }
/** `offsetSeconds` and `name` (CET) of the zone at an instant, ns since 1970. */
export type Zone = { name: string; at: (ns: bigint) => { offsetSeconds: number; name: string } }
export type Time = { kind: 'time'; ns: bigint; zone: Zone }
/** A time's zone as a value of its own, as `.Location` gives it and `.In` takes it. */
export type Location = { kind: 'location'; type: '*time.Location'; zone: Zone }

/** A value of a template. A number is a float64; null is nil and what is not there. */
export type Value =
  | (string | number | boolean | null)
  | (Integer | List | MapValue | Struct | Time | Location)

export const integer = (value: bigint, type: IntegerType): Integer => ({ kind: 'integer', type, value })
/** A Go int. */
export const int = (value: number | bigint): Integer => integer(BigInt(value), 'int')
/** A Go int64, wrapped as Go's arithmetic wraps. */
export const int64 = (value: bigint): Integer => integer(BigInt.asIntN(64, value), 'int64')
export const listOf = (items: readonly Value[], type = '[]interface {}'): List => ({
  kind: 'list',
  type,
  items,
})

/** A map of texts as Go's `map[string]string` has them: a missing key is ''. */
export const textMap = (map: ReadonlyMap<string, string>): MapValue => ({
  kind: 'map',
  type: 'map[string]string',
  zero: '',
  get: (key) => map.get(key),
  entries: () => map,
})

/** A map of anything, as `map[string]interface{}`: a missing key is nil. */
export const anyMap = (map: ReadonlyMap<string, Value>): MapValue => ({
  kind: 'map',
  type: 'map[string]interface {}',
  zero: null,
  get: (key) => map.get(key),
  entries: () => map,
})

/** Go's name of the value's type. */
export function typeOf(value: Value): string {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'number':
      return 'float64'
    case 'boolean':
      return 'bool'
    default:
      if (value === null) return '<nil>'
      return value.kind === 'time' ? 'time.Time' : value.type
  }
}

export const isInteger = (value: Value): value is Integer =>
  typeof value === 'object' && value !== null && value.kind === 'integer'

/** The entries of a map in the order in which Go ranges over and prints them. */
export const sortedEntries = (map: MapValue): (readonly [string, Value])[] =>
  [...map.entries()].sort(([a], [b]) => compareTexts(a, b))

/** Whether a value counts as true: not the zero of its type, not empty. A struct always does. */
export function truth(value: Value): boolean {
  switch (typeof value) {
    case 'string':
      return value !== ''
    case 'number':
      return value !== 0
    case 'boolean':
      return value
    default:
      if (value === null) return false
  }
  switch (value.kind) {
    case 'integer':
      return value.value !== 0n
    case 'list':
      return value.items.length > 0
    case 'map':
      for (const _ of value.entries()) return true
      return false
    default:
      return true
  }
}
