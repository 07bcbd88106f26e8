import { NO_FLAGS } from './flags.ts'
import { joined } from './limits.ts'
import { type Value } from './value.ts'
import { valueText } from './value-text.ts'

/** A value as `{{ }}` writes it. Pure. */
export function print(value: Value): string {
  if (typeof value === 'string') return value
  return value === null ? '<no value>' : valueText(NO_FLAGS, value, 'v')
}

/** `fmt.Sprint`: a space between two values of which none is a text. Pure. */
export function sprint(values: readonly Value[]): string {
  const isBetween = (value: Value, index: number): boolean =>
    index > 0 && typeof value !== 'string' && typeof values[index - 1] !== 'string'
  return joined(
    values.map((value, index) => (isBetween(value, index) ? ' ' : '') + valueText(NO_FLAGS, value, 'v')),
    '',
    '',
    '',
  )
}

/** `fmt.Sprintln`: spaces between all values, and a line feed at the end. Pure. */
export const sprintln = (values: readonly Value[]): string =>
  joined(
    values.map((value) => valueText(NO_FLAGS, value, 'v')),
    '',
    ' ',
    '\n',
  )
