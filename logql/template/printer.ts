import { binaryOf, formatMagnitude } from './float.ts'
import { checkLength } from './limits.ts'
import { canBackquote, isPrintable, quoted } from './quote.ts'

/** A text that is being formatted, with the flags of the verb at hand. It is changed in place. */
export type Printer = {
  out: string
  plus: boolean
  minus: boolean
  sharp: boolean
  space: boolean
  zero: boolean
  /** `%+v` and `%#v`, where the flags have another meaning. */
  plusV: boolean
  sharpV: boolean
  width: number | undefined
  precision: number | undefined
  /** A value is shown for which the verb was wrong: as it is, without its `String` method. */
  isWrong: boolean
}

export const newPrinter = (): Printer => ({
  out: '',
  plus: false,
  minus: false,
  sharp: false,
  space: false,
  zero: false,
  plusV: false,
  sharpV: false,
  width: undefined,
  precision: undefined,
  isWrong: false,
})

/** Takes all flags away, for the next verb. */
export function clearFlags(printer: Printer): void {
  printer.plus = false
  printer.minus = false
  printer.sharp = false
  printer.space = false
  printer.zero = false
  printer.plusV = false
  printer.sharpV = false
  printer.width = undefined
  printer.precision = undefined
}

export function put(printer: Printer, text: string): void {
  checkLength(printer.out.length + text.length)
  printer.out += text
}

/** The length in code points, which is what widths count. */
function lengthInPoints(text: string): number {
  let length = text.length
  for (let at = 0; at < text.length - 1; at += 1) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) length -= 1
  }
  return length
}

/** Puts a text, filled up to the width. */
export function pad(printer: Printer, text: string, mayBeZeros = true): void {
  const missing = (printer.width ?? 0) - (printer.width === undefined ? 0 : lengthInPoints(text))
  if (missing <= 0) return put(printer, text)
  if (printer.minus) return put(printer, text + ' '.repeat(missing))
  put(printer, (printer.zero && mayBeZeros ? '0' : ' ').repeat(missing) + text)
}

const truncated = (text: string, precision: number | undefined): string =>
  precision === undefined || text.length <= precision ? text : [...text].slice(0, precision).join('')

export const putText = (printer: Printer, text: string): void => pad(printer, truncated(text, printer.precision))

/** `%q`. */
export function putQuoted(printer: Printer, text: string): void {
  const shown = truncated(text, printer.precision)
  pad(printer, printer.sharp && canBackquote(shown) ? `\`${shown}\`` : quoted(shown, '"', printer.plus))
}

/** `%x` and `%X` of a text: its bytes. */
export function putHexText(printer: Printer, text: string, isUpper: boolean): void {
  const bytes = Buffer.from(text)
  const shown = [...bytes.subarray(0, printer.precision ?? bytes.length)]
  const pairs = shown.map((byte) => byte.toString(16).padStart(2, '0'))
  const before = printer.sharp && shown.length > 0 ? '0x' : ''
  const body = before + pairs.join(printer.space ? ` ${before}` : '')
  const cased = isUpper ? body.toUpperCase() : body
  pad(printer, cased)
}

const signOf = (printer: Printer, isNegative: boolean): string =>
  isNegative ? '-' : printer.plus ? '+' : printer.space ? ' ' : ''

/** An integer in a base. `verb` may be `x`, `X`, `o`, `O`, `b` or anything decimal. */
export function putInteger(printer: Printer, value: bigint, base: 2 | 8 | 10 | 16, verb: string): void {
  const { precision, width } = printer
  if (precision === 0 && value === 0n) return put(printer, ' '.repeat(width ?? 0))
  const isNegative = value < 0n
  const sign = signOf(printer, isNegative)
  const zeros = printer.zero && !printer.minus && width !== undefined ? width - sign.length : 0
  const magnitude = (isNegative ? -value : value).toString(base).padStart(precision ?? zeros, '0')
  const digits = verb === 'X' ? magnitude.toUpperCase() : magnitude
  pad(printer, sign + prefixOf(printer, base, verb, digits) + digits, false)
}

function prefixOf(printer: Printer, base: number, verb: string, digits: string): string {
  const octal = verb === 'O' ? '0o' : ''
  if (!printer.sharp) return octal
  if (base === 2) return '0b'
  if (base === 16) return verb === 'X' ? '0X' : '0x'
  return base === 8 && !digits.startsWith('0') ? `${octal}0` : octal
}

const pointOf = (value: bigint): number => (value < 0n || value > 0x10ffffn ? 0xfffd : Number(value))

/** The character of a code point; U+FFFD for what is none. */
export function characterOf(value: bigint): string {
  const point = pointOf(value)
  return point >= 0xd800 && point <= 0xdfff ? '\ufffd' : String.fromCodePoint(point)
}

/** `%U`: `U+0061`, with `#` also the character. */
export function putUnicode(printer: Printer, value: bigint): void {
  const number = BigInt.asUintN(64, value)
  const digits = number.toString(16).toUpperCase().padStart(Math.max(printer.precision ?? 4, 4), '0')
  const isShown = printer.sharp && number <= 0x10ffffn && isPrintable(Number(number))
  pad(printer, `U+${digits}${isShown ? ` '${characterOf(value)}'` : ''}`, false)
}

/** A float with `%e %E %f %g %G %b %x %X`; `precision` is what the verb has when none is given, -1 for the shortest. */
export function putFloat(printer: Printer, value: number, verb: string, precision: number): void {
  const isNegative = value < 0 || Object.is(value, -0)
  const sign = isNegative ? '-' : printer.plus ? '+' : printer.space ? ' ' : ''
  if (!Number.isFinite(value)) {
    const shown = Number.isNaN(value) ? 'NaN' : sign === '' && !isNegative ? '+Inf' : 'Inf'
    return pad(printer, (Number.isNaN(value) || shown === 'Inf' ? sign : '') + shown, false)
  }
  const used = printer.precision ?? precision
  const plain = magnitudeText(Math.abs(value), verb, used)
  const shown = printer.sharp && verb !== 'b' ? withPoint(plain, verb, used) : plain
  const isUpper = verb === 'E' || verb === 'G' || verb === 'X'
  const cased = isUpper ? shown.toUpperCase() : shown
  const { width, zero, minus } = printer
  const missing = (width ?? 0) - sign.length - cased.length
  if (zero && !minus && missing > 0) return put(printer, sign + '0'.repeat(missing) + cased)
  pad(printer, sign + cased, false)
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
  const significant = body.replace(/^0[xX]/, '0x').replace('.', '').replace(/^0*/, '').length
  const pointed = body.includes('.') ? body : `${body}.`
  const missing = wanted - significant - (body === '0' ? 1 : 0)
  return pointed + '0'.repeat(Math.max(missing, 0)) + tail
}
