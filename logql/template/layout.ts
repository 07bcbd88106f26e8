import { type Civil, civilOf } from './civil.ts'
import { type Time } from './value.ts'

/** A layout of Go's time package, split: what stands for a part of the time, and what stands for itself. */
export type LayoutPart = { isPart: boolean; text: string }

/** The parts of the reference time `Mon Jan 2 15:04:05 MST 2006`, in the order in which Go looks for them. */
const REFERENCE =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|002|0[1-6]|15|1|2006|2|__2|_2(?!006)|3|4|5|PM|pm|[Z-](?:070000|07:00:00|0700|07:00|07)|[.,](?:0+|9+)(?!\d)/g

/** Splits a layout. Pure. */
export function parseLayout(layout: string): LayoutPart[] {
  const parts: LayoutPart[] = []
  let at = 0
  for (const { 0: text, index } of layout.matchAll(REFERENCE)) {
    if (index > at) parts.push({ isPart: false, text: layout.slice(at, index) })
    parts.push({ isPart: true, text })
    at = index + text.length
  }
  if (at < layout.length) parts.push({ isPart: false, text: layout.slice(at) })
  return parts
}

export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
export const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

const two = (value: number): string => (value < 10 ? `0${value}` : String(value))
const twelve = (hour: number): number => hour % 12 || 12

function yearText(year: number): string {
  return year < 0 ? `-${String(-year).padStart(4, '0')}` : String(year).padStart(4, '0')
}

/** `-0700` and its kin; with `Z` in the layout, UTC is a `Z`. */
function offsetText(layout: string, seconds: number): string {
  if (layout.startsWith('Z') && seconds === 0) return 'Z'
  const magnitude = Math.abs(seconds)
  const colon = layout.includes(':') ? ':' : ''
  const minutes = layout.length > 3 ? colon + two(Math.floor(magnitude / 60) % 60) : ''
  const rest = layout.length > 6 ? colon + two(magnitude % 60) : ''
  return `${seconds < 0 ? '-' : '+'}${two(Math.floor(magnitude / 3600))}${minutes}${rest}`
}

/** `.000` has all its digits, `.999` only those before the last zeros. */
function fractionText(layout: string, nanosecond: number): string {
  const digits = String(nanosecond)
    .padStart(9, '0')
    .padEnd(layout.length - 1, '0')
    .slice(0, layout.length - 1)
  if (layout.charAt(1) === '0') return layout.charAt(0) + digits
  const kept = digits.replace(/0+$/, '')
  return kept === '' ? '' : layout.charAt(0) + kept
}

function partText(part: string, civil: Civil): string {
  switch (part) {
    case '2006':
      return yearText(civil.year)
    case '06':
      return two(Math.max(civil.year, 0) % 100)
    case 'January':
      return MONTHS[civil.month - 1] ?? ''
    case 'Jan':
      return (MONTHS[civil.month - 1] ?? '').slice(0, 3)
    case '01':
      return two(civil.month)
    case '1':
      return String(civil.month)
    case 'Monday':
      return WEEKDAYS[civil.weekday] ?? ''
    case 'Mon':
      return (WEEKDAYS[civil.weekday] ?? '').slice(0, 3)
    case '02':
      return two(civil.day)
    case '_2':
      return String(civil.day).padStart(2)
    case '2':
      return String(civil.day)
    case '002':
      return String(civil.yearDay).padStart(3, '0')
    case '__2':
      return String(civil.yearDay).padStart(3)
    default:
      return clockText(part, civil)
  }
}

function clockText(part: string, civil: Civil): string {
  switch (part) {
    case '15':
      return two(civil.hour)
    case '03':
      return two(twelve(civil.hour))
    case '3':
      return String(twelve(civil.hour))
    case '04':
      return two(civil.minute)
    case '4':
      return String(civil.minute)
    case '05':
      return two(civil.second)
    case '5':
      return String(civil.second)
    case 'PM':
      return civil.hour >= 12 ? 'PM' : 'AM'
    case 'pm':
      return civil.hour >= 12 ? 'pm' : 'am'
    case 'MST':
      return civil.zone === '' ? offsetText('-0700', civil.offsetSeconds) : civil.zone
    default:
      return part.startsWith('Z') || part.startsWith('-')
        ? offsetText(part, civil.offsetSeconds)
        : fractionText(part, civil.nanosecond)
  }
}

/** A time in a split layout. Pure. */
export function formatParts(time: Time, parts: readonly LayoutPart[]): string {
  const civil = civilOf(time)
  let result = ''
  for (const { isPart, text } of parts) result += isPart ? partText(text, civil) : text
  return result
}

/** A time as Go's `Time.Format` writes it. Pure. */
export const formatTime = (time: Time, layout: string): string => formatParts(time, parseLayout(layout))

/** A time as Go's `Time.String` writes it. Pure. */
export const timeText = (time: Time): string => formatTime(time, '2006-01-02 15:04:05.999999999 -0700 MST')
