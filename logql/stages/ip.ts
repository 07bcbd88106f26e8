import { LogqlError } from '../error.ts'

/** Addresses of one family, from `low` to `high`, both included. */
type Range = { isV6: boolean; low: bigint; high: bigint }
type Address = { isV6: boolean; value: bigint }

/**
 * Whether some address in the text is the wanted one, in the range (`10.0.0.1-10.0.0.9`) or in the block
 * (`10.0.0.0/8`), of IPv4 or IPv6. Throws LogqlError (`parse`) for any other text.
 */
export function compileIpMatch(wanted: string): (text: string) => boolean {
  const range = parseRange(wanted)
  if (range === undefined)
    throw new LogqlError('parse', `ip: invalid pattern: "${wanted}" is no address, range or CIDR block`)
  return (text) => hasAddressIn(text, range)
}

/** Whether the text is an address, a range or a block. */
export const isIpPattern = (text: string): boolean => parseRange(text) !== undefined

function parseRange(text: string): Range | undefined {
  const [from = '', to, ...rest] = text.split('-')
  if (to !== undefined) {
    const [low, high] = [parseAddress(from), parseAddress(to)]
    const isRange = rest.length === 0 && low?.isV6 === high?.isV6
    return low !== undefined && high !== undefined && isRange && low.value <= high.value
      ? { isV6: low.isV6, low: low.value, high: high.value }
      : undefined
  }
  const [network = '', length, ...more] = text.split('/')
  const address = parseAddress(network)
  if (address === undefined) return undefined
  if (length === undefined) return { isV6: address.isV6, low: address.value, high: address.value }
  const bits = address.isV6 ? 128 : 32
  if (more.length > 0 || !/^(?:0|[1-9]\d{0,2})$/.test(length) || Number(length) > bits) return undefined
  const hosts = (1n << BigInt(bits - Number(length))) - 1n
  const low = address.value & ~hosts
  return { isV6: address.isV6, low, high: low | hosts }
}

const isIn = ({ isV6, low, high }: Range, address: Address | undefined): boolean =>
  address !== undefined && address.isV6 === isV6 && address.value >= low && address.value <= high

const V4_RUN = /[0-9.]+/y
const V6_RUN = /[0-9a-fA-F:.]+/y

function hasAddressIn(text: string, range: Range): boolean {
  for (let at = 0; at < text.length; at++) {
    const run = startsV4(text, at) ? V4_RUN : startsV6(text, at) ? V6_RUN : undefined
    if (run === undefined) continue
    run.lastIndex = at
    const [found = ''] = run.exec(text) ?? []
    if (isIn(range, parseAddress(found))) return true
    at += found.length
  }
  return false
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57
const isHexadecimal = (code: number): boolean => isDigit(code) || ((code | 32) >= 97 && (code | 32) <= 102)

/** One to three digits and a dot. */
function startsV4(text: string, from: number): boolean {
  let at = from
  while (at < from + 3 && isDigit(text.charCodeAt(at))) at++
  return at > from && text.charCodeAt(at) === 46
}

/** `::`, or one to four hexadecimal digits and a colon. */
function startsV6(text: string, from: number): boolean {
  if (text.charCodeAt(from) === 58) return text.charCodeAt(from + 1) === 58
  let at = from
  while (at < from + 4 && isHexadecimal(text.charCodeAt(at))) at++
  return at > from && text.charCodeAt(at) === 58
}

const parseAddress = (text: string): Address | undefined => {
  const isV6 = text.includes(':')
  const value = isV6 ? parseV6(text) : parseV4(text)
  return value === undefined ? undefined : { isV6, value }
}

function parseV4(text: string): bigint | undefined {
  const fields = text.split('.')
  if (fields.length !== 4) return undefined
  let value = 0n
  for (const field of fields) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(field) || Number(field) > 255) return undefined
    value = (value << 8n) | BigInt(field)
  }
  return value
}

function parseV6(text: string): bigint | undefined {
  // An IPv4 address may stand in place of the last two groups.
  const lastColon = text.lastIndexOf(':')
  const tail = text.slice(lastColon + 1)
  if (tail.includes('.')) {
    const v4 = parseV4(tail)
    if (v4 === undefined) return undefined
    return parseV6(
      `${text.slice(0, lastColon + 1)}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`,
    )
  }
  const halves = text.split('::')
  const [head = [], rest = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const missing = 8 - head.length - rest.length
  if (halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0)) return undefined
  let value = 0n
  for (const group of [...head, ...Array<string>(missing).fill('0'), ...rest]) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined
    value = (value << 16n) | BigInt(`0x${group}`)
  }
  return value
}
