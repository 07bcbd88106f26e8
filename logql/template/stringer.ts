import { type Value } from './value.ts'

/** What Go's `String` method says of a value that has one. */
export function stringOf(_value: Value): string | undefined {
  return undefined
}
