/** A decimal number: 0.d₁d₂d₃… × 10^point, without trailing zeros; no digits for 0. */
type Decimal = { digits: string; point: number }

const trimmed = (digits: string, point: number): Decimal => {
  let end = digits.length
  while (end > 0 && digits[end - 1] === '0') end -= 1
  return { digits: digits.slice(0, end), point: end === 0 ? 0 : point }
}

/** The fewest digits that read back as the same float64. */
function shortest(magnitude: number): Decimal {
  const [mantissa = '', exponent = '0'] = magnitude.toExponential().split('e')
  return trimmed(mantissa.replace('.', ''), magnitude === 0 ? 0 : Number(exponent) + 1)
}

const bits = new DataView(new ArrayBuffer(8))

/** A finite float64 as mantissa × 2^exponent. */
export function binaryOf(magnitude: number): { mantissa: bigint; exponent: number } {
  bits.setFloat64(0, magnitude)
  const word = bits.getBigUint64(0)
  const biased = Number((word >> 52n) & 0x7ffn)
  const fraction = word & ((1n << 52n) - 1n)
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 }
}

/** Every digit of a float64. */
function exact(magnitude: number): Decimal {
  const { mantissa, exponent } = binaryOf(magnitude)
  const scaled = exponent >= 0 ? mantissa << BigInt(exponent) : mantissa * 5n ** BigInt(-exponent)
  const digits = scaled.toString()
  return trimmed(digits, digits.length + Math.min(exponent, 0))
}

/** Rounded to `count` digits, half to even. */
function rounded(decimal: Decimal, count: number): Decimal {
  const { digits, point } = decimal
  if (count >= digits.length) return decimal
  if (count < 0) return { digits: '', point: 0 }
  const kept = digits.slice(0, count)
  const next = digits.charAt(count)
  const isTie = next === '5' && count + 1 === digits.length
  const isUp = isTie ? Number(kept.at(-1) ?? 0) % 2 === 1 : next >= '5'
  if (!isUp) return trimmed(kept, point)
  const raised = (BigInt(kept === '' ? '0' : kept) + 1n).toString().padStart(count, '0')
  return trimmed(raised, point + raised.length - count)
}

const padded = (digits: string, length: number): string => digits.padEnd(length, '0')

/** `d.ddde±dd` */
function scientific({ digits, point }: Decimal, precision: number): string {
  const all = padded(digits, precision + 1)
  const exponent = digits === '' ? 0 : point - 1
  const fraction = precision > 0 ? `.${all.slice(1, precision + 1)}` : ''
  return `${all.charAt(0) || '0'}${fraction}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

/** `ddd.ddd` */
function positional({ digits, point }: Decimal, precision: number): string {
  const whole = point > 0 ? padded(digits.slice(0, point), point) : '0'
  if (precision <= 0) return whole
  const fraction = point >= 0 ? digits.slice(point) : '0'.repeat(Math.min(-point, precision)) + digits
  return `${whole}.${padded(fraction, precision).slice(0, precision)}`
}

/**
 * A finite number that is not negative, as Go's `strconv.FormatFloat` writes it: `format` is `e`, `f` or `g`,
 * `precision` the digits behind the point (for `g`: all digits), -1 for as many as the number needs. Pure.
 */
export function formatMagnitude(magnitude: number, format: 'e' | 'f' | 'g', precision: number): string {
  if (format === 'f' && isFarFromTie(magnitude, precision)) return magnitude.toFixed(precision)
  const isShortest = precision < 0
  const full = isShortest ? shortest(magnitude) : exact(magnitude)
  if (format === 'e') {
    const decimal = isShortest ? full : rounded(full, precision + 1)
    return scientific(decimal, isShortest ? Math.max(full.digits.length - 1, 0) : precision)
  }
  if (format === 'f') {
    const decimal = isShortest ? full : rounded(full, full.point + precision)
    return positional(decimal, isShortest ? Math.max(full.digits.length - full.point, 0) : precision)
  }
  const decimal = isShortest ? full : rounded(full, precision === 0 ? 1 : precision)
  return general(decimal, isShortest ? undefined : Math.max(precision, 1))
}

/** `e` for very large and very small numbers, else `f`. */
function general(decimal: Decimal, precision: number | undefined): string {
  const { digits, point } = decimal
  const holdsWhole = digits.length >= point
  const limit = precision === undefined ? 6 : holdsWhole ? Math.min(precision, digits.length) : precision
  const exponent = point - 1
  return exponent < -4 || exponent >= limit
    ? scientific(decimal, Math.max(digits.length - 1, 0))
    : positional(decimal, Math.max(digits.length - point, 0))
}

/** JavaScript rounds half up where Go rounds half to even: elsewhere `toFixed`, which is faster, is the same. */
function isFarFromTie(magnitude: number, precision: number): boolean {
  if (precision < 0 || precision > 15 || magnitude >= 1e15) return false
  const scaled = magnitude * 10 ** precision
  return scaled < 1e15 && Math.abs(scaled - Math.floor(scaled) - 0.5) > 0.01
}
