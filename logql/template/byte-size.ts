import { parseFloat64 } from './cast.ts'
import { fail } from './function.ts'

const PREFIXES = ['k', 'm', 'g', 't', 'p', 'e']

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ...PREFIXES.flatMap((prefix, index): [string, number][] => [
    [prefix, 1000 ** (index + 1)],
    [`${prefix}b`, 1000 ** (index + 1)],
    [`${prefix}i`, 1024 ** (index + 1)],
    [`${prefix}ib`, 1024 ** (index + 1)],
  ]),
])

/**
 * A size such as `1.5MB` or `2 KiB` in whole bytes. Throws LogqlError (`execution`) in the words of
 * `humanize.ParseBytes`, which Loki documents as what it uses.
 */
export function parseBytes(text: string): number {
  const digits = /^[\d.,]*/.exec(text)?.[0] ?? ''
  const number = digits.replaceAll(',', '')
  const value = parseFloat64(number)
  if (value === undefined)
    return fail(`strconv.ParseFloat: parsing ${JSON.stringify(number)}: invalid syntax`)
  const unit = text.slice(digits.length).trim().toLowerCase()
  const size = UNITS.get(unit)
  if (size === undefined) return fail(`unhandled size name: ${unit}`)
  const bytes = value * size
  return bytes >= 2 ** 64 ? fail(`too large: ${text}`) : Math.trunc(bytes)
}
