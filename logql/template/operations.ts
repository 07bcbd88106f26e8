import { compareTexts } from '../strings.ts'
import { byteLength, sliceBytes } from './bytes.ts'
import { fail } from './function.ts'
import { print } from './print.ts'
import { type Integer, integer, isInteger, listOf, typeOf, type Value } from './value.ts'

/** Go's `len`: bytes of a text, elements of a list or a map. Throws LogqlError (`execution`) for anything else. */
export function lengthOf(value: Value): number {
  if (typeof value === 'string') return byteLength(value)
  if (typeof value === 'object' && value?.kind === 'list') return value.items.length
  if (typeof value === 'object' && value?.kind === 'map') return [...value.entries()].length
  return fail(value === null ? 'len of nil pointer' : `len of type ${typeOf(value)}`)
}

function positionOf(index: Value, capacity: number): number {
  if (index === null) return fail('cannot index slice/array with nil')
  if (!isInteger(index)) return fail(`cannot index slice/array with type ${typeOf(index)}`)
  const outside = index.value < 0n || index.value > BigInt(capacity)
  return outside ? fail(`index out of range: ${index.value}`) : Number(index.value)
}

/** Go's `index`: `index x 1 "a"` is x[1]["a"]. */
export function indexOf(value: Value, ...indexes: readonly Value[]): Value {
  if (value === null) return fail('index of untyped nil')
  return indexes.reduce<Value>(elementOf, value)
}

function elementOf(value: Value, index: Value): Value {
  if (value === null) return fail('index of nil pointer')
  if (typeof value === 'string') {
    const at = positionOf(index, byteLength(value))
    const byte = Buffer.from(value)[at]
    return byte === undefined ? fail('reflect: string index out of range') : integer(BigInt(byte), 'uint8')
  }
  if (typeof value === 'object' && value.kind === 'list') {
    const element = value.items[positionOf(index, value.items.length)]
    return element === undefined ? fail('reflect: slice index out of range') : element
  }
  if (typeof value === 'object' && value.kind === 'map') return value.get(keyOf(index)) ?? value.zero
  return fail(`can't index item of type ${typeOf(value)}`)
}

function keyOf(index: Value): string {
  if (typeof index === 'string') return index
  return fail(
    index === null
      ? 'value is nil; should be of type string'
      : `value has type ${typeOf(index)}; should be string`,
  )
}

/** Go's `slice`: `slice x 1 2` is x[1:2]. */
export function sliceOf(value: Value, ...indexes: readonly Value[]): Value {
  if (value === null) return fail('slice of untyped nil')
  if (indexes.length > 3) return fail(`too many slice indexes: ${indexes.length}`)
  const isText = typeof value === 'string'
  if (isText && indexes.length === 3) return fail('cannot 3-index slice a string')
  if (!isText && (typeof value !== 'object' || value.kind !== 'list')) {
    return fail(`can't slice item of type ${typeOf(value)}`)
  }
  const length = lengthOf(value)
  const [start = 0, end = length, capacity = length] = indexes.map((index) => positionOf(index, length))
  if (start > end) return fail(`invalid slice index: ${start} > ${end}`)
  if (end > capacity) return fail(`invalid slice index: ${end} > ${capacity}`)
  return isText ? sliceBytes(value, start, end) : listOf(value.items.slice(start, end), value.type)
}

type BasicKind = 'bool' | 'int' | 'uint' | 'float' | 'string' | undefined

function basicKind(value: Value): BasicKind {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'number':
      return 'float'
    case 'boolean':
      return 'bool'
    default:
      return isInteger(value) ? (value.type === 'uint8' ? 'uint' : 'int') : undefined
  }
}

const incompatible = (a: Value, b: Value): never =>
  fail(`incompatible types for comparison: ${typeOf(a)} and ${typeOf(b)}`)

/** Go's `eq`: whether the first is one of the others. Throws for types that cannot be compared. */
export function isEqual(first: Value, others: readonly Value[]): boolean {
  if (others.length === 0) return fail('missing argument for comparison')
  return others.some((other) => areEqual(first, other))
}

function areEqual(a: Value, b: Value): boolean {
  if (a === null || b === null) return a === b
  if (isInteger(a) && isInteger(b)) return a.value === b.value
  if (basicKind(a) !== basicKind(b)) return incompatible(a, b)
  if (basicKind(a) !== undefined) return a === b
  return areEqualObjects(a, b)
}

function areEqualObjects(a: Value, b: Value): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a.kind === 'time' && b.kind === 'time') return a.ns === b.ns && a.zone.name === b.zone.name
  if (a.kind !== b.kind)
    return fail(`non-comparable types ${print(a)}: ${typeOf(a)}, ${typeOf(b)}: ${print(b)}`)
  if (b.kind === 'list' || b.kind === 'map') return fail(`non-comparable type ${print(b)}: ${typeOf(b)}`)
  return a === b
}

/** The order of two values of one kind; NaN gives `other`. Throws for types that have no order. */
export function compareOrder(a: Value, b: Value): 'less' | 'equal' | 'other' {
  const kind = orderedKind(a)
  const other = orderedKind(b)
  if (isInteger(a) && isInteger(b)) return orderOf(compareIntegers(a, b))
  if (kind !== other) return incompatible(a, b)
  if (kind === 'bool') return fail('invalid type for comparison')
  if (typeof a === 'string' && typeof b === 'string') return orderOf(compareTexts(a, b))
  return typeof a === 'number' && typeof b === 'number' ? orderOf(a - b || (a === b ? 0 : a - b)) : 'other'
}

const orderOf = (difference: number): 'less' | 'equal' | 'other' =>
  difference < 0 ? 'less' : difference === 0 ? 'equal' : 'other'

const compareIntegers = (a: Integer, b: Integer): number =>
  a.value < b.value ? -1 : a.value > b.value ? 1 : 0

function orderedKind(value: Value): BasicKind {
  return basicKind(value) ?? fail('invalid type for comparison')
}
