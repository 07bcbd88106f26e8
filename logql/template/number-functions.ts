import { toFloat64, toInt64 } from './cast.ts'
import { add, type Decimal, decimalOf, divide, multiply, subtract, toFloat } from './decimal.ts'
import { fail, fixed, type TemplateFunction, variadic } from './function.ts'
import { int, int64, type Value } from './value.ts'

const divisor = (value: Value): bigint => toInt64(value) || fail('runtime error: integer divide by zero')

/** A fold over the values as decimals, so that 0.1 + 0.2 is 0.3. */
const decimally =
  (operate: (a: Decimal, b: Decimal) => Decimal) =>
  (first: Value, ...others: Value[]): number =>
    toFloat(others.reduce<Decimal>((result, value) => operate(result, asDecimal(value)), asDecimal(first)))

function asDecimal(value: Value): Decimal {
  const float = toFloat64(value)
  if (Number.isFinite(float)) return decimalOf(float)
  const name = Number.isNaN(float) ? 'NaN' : float > 0 ? '+Inf' : '-Inf'
  return fail(`Cannot create a Decimal from ${name}`)
}

const divided = (a: Decimal, b: Decimal): Decimal =>
  b.digits === 0n ? fail('decimal division by 0') : divide(a, b)

/** Go's `math.Max` and `math.Min`: NaN wins, as in JavaScript. */
const floats =
  (choose: (a: number, b: number) => number) =>
  (first: Value, ...others: Value[]): number =>
    others.map(toFloat64).reduce(choose, toFloat64(first))

const integers =
  (operate: (a: bigint, b: bigint) => bigint) =>
  (first: Value, ...others: Value[]): Value =>
    int64(others.map(toInt64).reduce((a, b) => BigInt.asIntN(64, operate(a, b)), toInt64(first)))

/** Sprig's `round`: `up` is the fraction from which it rounds up; negative numbers are never rounded away from 0.5. */
function round(value: number, places: number, up: number): number {
  const power = 10 ** places
  const digit = power * value
  const fraction = digit - Math.trunc(digit)
  return (fraction >= up ? Math.ceil(digit) : Math.floor(digit)) / power
}

/** Sprig's functions of numbers. Each takes any value and uses 0 for one that is not a number. */
export const NUMBER_FUNCTIONS: ReadonlyMap<string, TemplateFunction<unknown>> = new Map([
  ['int', fixed(['any'], (value) => int(toInt64(value)))],
  ['float64', fixed(['any'], toFloat64)],
  ['add', variadic([], 'any', (...values) => integers((a, b) => a + b)(null, ...values))],
  [
    'sub',
    fixed(
      ['any', 'any'],
      integers((a, b) => a - b),
    ),
  ],
  [
    'mul',
    variadic(
      ['any'],
      'any',
      integers((a, b) => a * b),
    ),
  ],
  ['div', fixed(['any', 'any'], (a, b) => int64(toInt64(a) / divisor(b)))],
  ['mod', fixed(['any', 'any'], (a, b) => int64(toInt64(a) % divisor(b)))],
  [
    'max',
    variadic(
      ['any'],
      'any',
      integers((a, b) => (b > a ? b : a)),
    ),
  ],
  [
    'min',
    variadic(
      ['any'],
      'any',
      integers((a, b) => (b < a ? b : a)),
    ),
  ],
  ['addf', variadic([], 'any', (...values) => decimally(add)(null, ...values))],
  ['subf', variadic(['any'], 'any', decimally(subtract))],
  ['mulf', variadic(['any'], 'any', decimally(multiply))],
  ['divf', variadic(['any'], 'any', decimally(divided))],
  [
    'maxf',
    variadic(
      ['any'],
      'any',
      floats((a, b) => Math.max(a, b)),
    ),
  ],
  [
    'minf',
    variadic(
      ['any'],
      'any',
      floats((a, b) => Math.min(a, b)),
    ),
  ],
  ['ceil', fixed(['any'], (value) => Math.ceil(toFloat64(value)))],
  ['floor', fixed(['any'], (value) => Math.floor(toFloat64(value)))],
  [
    'round',
    variadic(['any', 'int'], 'float64', (value, places, up = 0.5) =>
      round(toFloat64(value), Number(places.value), up),
    ),
  ],
])
