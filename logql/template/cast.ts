import { parseNumber } from '../values.ts'
import { isInt64, parseInteger } from './literals.ts'
import { type Value } from './value.ts'

const INT64_MIN = -(2n ** 63n)

/** A float cut to an int64, as amd64 does it: what does not fit is the smallest number. */
export const floatToInt64 = (value: number): bigint =>
  Math.abs(value) < 2 ** 63 ? BigInt(Math.trunc(value)) : INT64_MIN

/** Any value as an int64, as sprig's `int` and arithmetic take it: 0 for anything that is not a number, `"3.9"` is 3, `"0x10"` is 16. Pure. */
export function toInt64(value: Value): bigint {
  switch (typeof value) {
    case 'string':
      return textToInt64(value)
    case 'number':
      return floatToInt64(value)
    case 'boolean':
      return value ? 1n : 0n
    default:
      return value !== null && value.kind === 'integer' && value.type !== 'time.Duration' ? value.value : 0n
  }
}

function textToInt64(text: string): bigint {
  const whole = /^(.*?)\.\d+$/s.exec(text)?.[1] ?? text
  const parsed = parseInteger(whole)
  return parsed !== undefined && isInt64(parsed) ? parsed : 0n
}

/** Any value as a float64, as sprig's `float64` and arithmetic take it: 0 for anything that is not a number. Pure. */
export function toFloat64(value: Value): number {
  switch (typeof value) {
    case 'string':
      return parseNumber(value).value ?? 0
    case 'number':
      return value
    case 'boolean':
      return value ? 1 : 0
    default:
      return value !== null && value.kind === 'integer' && value.type !== 'time.Duration'
        ? Number(value.value)
        : 0
  }
}
