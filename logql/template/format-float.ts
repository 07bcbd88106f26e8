import { type Flags, pad } from './flags.ts'
import { binaryOf, formatMagnitude } from './float.ts'
import { signOf } from './format.ts'

/** A float with `%e %E %f %g %G %b %x %X`; `precision` is what the verb has when none is given, -1 for the shortest. */
export function formatFloat(flags: Flags, value: number, verb: string, precision: number): string {
  const isNegative = value < 0 || Object.is(value, -0)
  const sign = signOf(flags, isNegative)
  if (Number.isNaN(value)) return pad(flags, `${sign}NaN`, false)
  if (!Number.isFinite(value)) return pad(flags, `${sign || '+'}Inf`, false)
  const used = flags.precision ?? precision
  const plain = magnitudeText(Math.abs(value), verb, used)
  const shown = flags.sharp && verb !== 'b' ? withPoint(plain, verb, used) : plain
  const isUpper = verb === 'E' || verb === 'G' || verb === 'X'
  const cased = isUpper ? shown.toUpperCase() : shown
  const { width, zero, minus } = flags
  const missing = (width ?? 0) - sign.length - cased.length
  if (zero && !minus && missing > 0) return sign + '0'.repeat(missing) + cased
  return pad(flags, sign + cased, false)
}

function magnitudeText(magnitude: number, verb: string, precision: number): string {
  switch (verb) {
    case 'b': {
      const { mantissa, exponent } = binaryOf(magnitude)
      return `${mantissa}p${exponent < 0 ? '' : '+'}${exponent}`
    }
    case 'x':
    case 'X':
      return hexFloat(magnitude, precision)
    case 'e':
    case 'E':
      return formatMagnitude(magnitude, 'e', precision)
    case 'f':
      return formatMagnitude(magnitude, 'f', precision)
    default:
      return formatMagnitude(magnitude, 'g', precision)
  }
}

/** `0x1.8p+01` */
function hexFloat(magnitude: number, precision: number): string {
  const { mantissa, exponent } = binaryOf(magnitude)
  if (mantissa === 0n) return `0x0${precision > 0 ? `.${'0'.repeat(precision)}` : ''}p+00`
  // The mantissa with its first bit at 2^52, so that the fraction is 13 hexadecimal digits.
  const shift = 53 - mantissa.toString(2).length
  let fraction = mantissa << BigInt(shift)
  let power = exponent - shift + 52
  if (precision >= 0 && precision < 13) {
    const dropped = BigInt(52 - 4 * precision)
    const half = 1n << (dropped - 1n)
    const rest = fraction & ((1n << dropped) - 1n)
    fraction >>= dropped
    if (rest > half || (rest === half && (fraction & 1n) === 1n)) fraction += 1n
    fraction <<= dropped
    if (fraction >> 53n > 0n) {
      fraction >>= 1n
      power += 1
    }
  }
  const all = (fraction & ((1n << 52n) - 1n)).toString(16).padStart(13, '0')
  const digits = precision < 0 ? all.replace(/0+$/, '') : all.padEnd(precision, '0').slice(0, precision)
  const sign = power < 0 ? '-' : '+'
  return `0x1${digits === '' ? '' : `.${digits}`}p${sign}${String(Math.abs(power)).padStart(2, '0')}`
}

/** With `#` a float always has a point, and for `g` keeps its zeros. */
function withPoint(text: string, verb: string, precision: number): string {
  const at = text.search(verb === 'x' || verb === 'X' ? /p/ : /e/)
  const tail = at < 0 ? '' : text.slice(at)
  const body = at < 0 ? text : text.slice(0, at)
  const keepsZeros = verb === 'g' || verb === 'G' || verb === 'x'
  const wanted = keepsZeros ? (precision === -1 ? 6 : precision) : 0
  const significant = body
    .replace(/^0[xX]/, '0x')
    .replace('.', '')
    .replace(/^0*/, '').length
  const pointed = body.includes('.') ? body : `${body}.`
  const missing = wanted - significant - (body === '0' ? 1 : 0)
  return pointed + '0'.repeat(Math.max(missing, 0)) + tail
}
