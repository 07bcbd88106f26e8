import { type Civil, daysInMonth, timeOf } from './civil.ts'
import { parseLayout } from './layout.ts'
import { type Parsed, readerOf } from './time-readers.ts'
import { type Time, type Zone } from './value.ts'
import { fixedZone, UTC } from './zone.ts'

/**
 * The time that a text says in a layout, as Go's `time.ParseInLocation` reads it; undefined where Go has an error.
 * A text without an offset is in `zone`. Pure.
 */
export function parseTime(layout: string, text: string, zone: Zone): Time | undefined {
  const parsed: Parsed = {
    year: 0,
    month: undefined,
    day: undefined,
    yearDay: undefined,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0,
    isAfternoon: undefined,
    isUtc: false,
    offsetSeconds: undefined,
    zoneName: undefined,
  }
  let rest: string | undefined = text
  const parts = parseLayout(layout)
  for (const [index, part] of parts.entries()) {
    rest = part.isPart ? readerOf(part.text)(rest, parsed, parts[index + 1]) : withoutLiteral(rest, part.text)
    if (rest === undefined) return undefined
  }
  return rest === '' ? assembled(parsed, zone) : undefined
}

/** The literal must be there; a run of spaces is like any other, or like the end. */
function withoutLiteral(text: string, literal: string): string | undefined {
  let at = 0
  for (let index = 0; index < literal.length; index += 1) {
    const wanted = literal.charAt(index)
    if (wanted !== ' ') {
      if (text.charAt(at) !== wanted) return undefined
      at += 1
    } else if (literal.charAt(index - 1) !== ' ') {
      if (at < text.length && text.charAt(at) !== ' ') return undefined
      while (text.charAt(at) === ' ') at += 1
    }
  }
  return text.slice(at)
}

function hourOf({ hour, isAfternoon }: Parsed): number {
  if (isAfternoon === true && hour < 12) return hour + 12
  return isAfternoon === false && hour === 12 ? 0 : hour
}

/** Month and day, from the day of the year where that was read. */
function dateOf(parsed: Parsed): Pick<Civil, 'month' | 'day'> | undefined {
  const { year, yearDay, month, day } = parsed
  if (yearDay === undefined) return { month: month ?? 1, day: day ?? 1 }
  let rest = yearDay
  for (let at = 1; at <= 12; at += 1) {
    const days = daysInMonth(year, at)
    if (rest <= days) {
      const fits = rest >= 1 && (month ?? at) === at && (day ?? rest) === rest
      return fits ? { month: at, day: rest } : undefined
    }
    rest -= days
  }
  return undefined
}

function assembled(parsed: Parsed, zone: Zone): Time | undefined {
  const date = dateOf(parsed)
  if (date === undefined || date.day < 1 || date.day > daysInMonth(parsed.year, date.month)) return undefined
  const civil = { ...parsed, ...date, hour: hourOf(parsed) }
  if (parsed.isUtc) return timeOf(civil, UTC)
  const { offsetSeconds, zoneName } = parsed
  if (offsetSeconds !== undefined) return withOffset(timeOf(civil, UTC), offsetSeconds, zoneName, zone)
  return zoneName === undefined ? timeOf(civil, zone) : withName(civil, zoneName, zone)
}

/** Uses the zone if it has that offset then; otherwise a fixed one. */
function withOffset({ ns }: Time, offset: number, name: string | undefined, zone: Zone): Time {
  const shifted = ns - BigInt(offset) * 1_000_000_000n
  const there = zone.at(shifted)
  const isSame = there.offsetSeconds === offset && (name === undefined || name === there.name)
  return { kind: 'time', ns: shifted, zone: isSame ? zone : fixedZone(name ?? '', offset) }
}

const HALF_YEAR_NS = 15_768_000_000_000_000n

/** A name counts where the zone has it then or in its other season; else it is only kept, but for `GMT+3`. */
function withName(civil: Parameters<typeof timeOf>[0], name: string, zone: Zone): Time {
  const { ns } = timeOf(civil, UTC)
  const seasons = [timeOf(civil, zone).ns, ns - HALF_YEAR_NS, ns + HALF_YEAR_NS].map((at) => zone.at(at))
  const known = seasons.find((season) => season.name === name)
  if (known !== undefined)
    return { kind: 'time', ns: ns - BigInt(known.offsetSeconds) * 1_000_000_000n, zone }
  const offset = name.startsWith('GMT') && name.length > 3 ? Number(name.slice(3)) * 3600 : 0
  return { kind: 'time', ns, zone: fixedZone(name, offset) }
}
