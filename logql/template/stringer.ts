import { formatGoDuration } from '../durations.ts'
import { MONTHS, timeText, WEEKDAYS } from './layout.ts'
import { type Value } from './value.ts'

/** What Go's `String` method says of a value that has one. */
export function stringOf(value: Value): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (value.kind === 'time') return timeText(value)
  if (value.kind === 'location') return value.zone.name
  if (value.kind !== 'integer') return undefined
  switch (value.type) {
    case 'time.Duration':
      return formatGoDuration(value.value)
    case 'time.Month':
      return MONTHS[Number(value.value) - 1] ?? `%!Month(${value.value})`
    case 'time.Weekday':
      return WEEKDAYS[Number(value.value)] ?? `%!Weekday(${value.value})`
    default:
      return undefined
  }
}
