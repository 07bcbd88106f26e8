/** digits × 10^exponent */
export type Decimal = { digits: bigint; exponent: number }

/** Digits behind the point in a quotient, as `shopspring/decimal` has them. */
const DIVISION_DIGITS = 16

/** The decimal that the shortest form of a finite float says. Pure. */
export function decimalOf(value: number): Decimal {
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length }
}

export const toFloat = ({ digits, exponent }: Decimal): number => Number(`${digits}e${exponent}`)

/** Both with the lower exponent. */
function aligned(a: Decimal, b: Decimal): { left: bigint; right: bigint; exponent: number } {
  const exponent = Math.min(a.exponent, b.exponent)
  const scaled = ({ digits, exponent: own }: Decimal): bigint => digits * 10n ** BigInt(own - exponent)
  return { left: scaled(a), right: scaled(b), exponent }
}

export function add(a: Decimal, b: Decimal): Decimal {
  const { left, right, exponent } = aligned(a, b)
  return { digits: left + right, exponent }
}

export const subtract = (a: Decimal, b: Decimal): Decimal => add(a, { ...b, digits: -b.digits })

export const multiply = (a: Decimal, b: Decimal): Decimal => ({
  digits: a.digits * b.digits,
  exponent: a.exponent + b.exponent,
})

/** Rounded half away from zero to 16 digits behind the point. The divisor must not be 0. */
export function divide(a: Decimal, b: Decimal): Decimal {
  const { left, right } = aligned(a, b)
  const scaled = left * 10n ** BigInt(DIVISION_DIGITS + 1)
  const quotient = scaled / right
  const last = quotient % 10n
  const rounded = quotient / 10n + (last >= 5n ? 1n : last <= -5n ? -1n : 0n)
  return { digits: rounded, exponent: -DIVISION_DIGITS }
}
