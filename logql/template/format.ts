import { canBackquote, isPrintable, quote } from '../strings.ts'
import { type Flags, pad } from './flags.ts'

const truncated = (text: string, precision: number | undefined): string =>
  precision === undefined || text.length <= precision ? text : [...text].slice(0, precision).join('')

/** `%s`. */
export const formatText = (flags: Flags, text: string): string => pad(flags, truncated(text, flags.precision))

/** `%q`. */
export function formatQuoted(flags: Flags, text: string): string {
  const shown = truncated(text, flags.precision)
  return pad(flags, flags.sharp && canBackquote(shown) ? `\`${shown}\`` : quote(shown, '"', flags.plus))
}

/** `%x` and `%X` of a text: its bytes. */
export function formatHexText(flags: Flags, text: string, isUpper: boolean): string {
  const bytes = Buffer.from(text)
  const digits = bytes.subarray(0, flags.precision ?? bytes.length).toString('hex')
  const before = flags.sharp && digits !== '' ? '0x' : ''
  const body = before + (flags.space ? digits.replace(/..(?=.)/g, `$& ${before}`) : digits)
  const cased = isUpper ? body.toUpperCase() : body
  return pad(flags, cased)
}

/** The sign that the flags ask for. */
export const signOf = (flags: Flags, isNegative: boolean): string =>
  isNegative ? '-' : flags.plus ? '+' : flags.space ? ' ' : ''

/** An integer in a base. `verb` may be `x`, `X`, `o`, `O`, `b` or anything decimal. */
export function formatInteger(flags: Flags, value: bigint, base: 2 | 8 | 10 | 16, verb: string): string {
  const { precision, width } = flags
  if (precision === 0 && value === 0n) return ' '.repeat(width ?? 0)
  const isNegative = value < 0n
  const sign = signOf(flags, isNegative)
  const zeros = flags.zero && !flags.minus && width !== undefined ? width - sign.length : 0
  const magnitude = (isNegative ? -value : value).toString(base).padStart(precision ?? zeros, '0')
  const digits = verb === 'X' ? magnitude.toUpperCase() : magnitude
  return pad(flags, sign + prefixOf(flags, base, verb, digits) + digits, false)
}

function prefixOf(flags: Flags, base: number, verb: string, digits: string): string {
  const octal = verb === 'O' ? '0o' : ''
  if (!flags.sharp) return octal
  if (base === 2) return '0b'
  if (base === 16) return verb === 'X' ? '0X' : '0x'
  return base === 8 && !digits.startsWith('0') ? `${octal}0` : octal
}

const pointOf = (value: bigint): number => (value < 0n || value > 0x10ffffn ? 0xfffd : Number(value))

/** The character of a code point; U+FFFD for an invalid one. */
export function characterOf(value: bigint): string {
  const point = pointOf(value)
  return point >= 0xd800 && point <= 0xdfff ? '\ufffd' : String.fromCodePoint(point)
}

/** `%U`: `U+0061`, with `#` also the character. */
export function formatUnicode(flags: Flags, value: bigint): string {
  const number = BigInt.asUintN(64, value)
  const digits = number
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(flags.precision ?? 4, 4), '0')
  const isShown = flags.sharp && number <= 0x10ffffn && isPrintable(Number(number))
  return pad(flags, `U+${digits}${isShown ? ` '${characterOf(value)}'` : ''}`, false)
}
