import { type Time, type Zone } from './value.ts'

const SECOND_NS = 1_000_000_000n
const DAY_SECONDS = 86_400

/** What a clock and a calendar show. `month` is 1 to 12, `weekday` 0 for Sunday, `yearDay` 1 for January 1. */
export type Civil = {
  year: number
  month: number
  day: number
  weekday: number
  yearDay: number
  hour: number
  minute: number
  second: number
  nanosecond: number
  offsetSeconds: number
  zone: string
}

/** Whole seconds since 1970, and the ns after them (0 to 999999999). */
export function splitNs(ns: bigint): { seconds: number; nanosecond: number } {
  const whole = ns / SECOND_NS
  const seconds = Number(whole)
  const nanosecond = Number(ns - whole * SECOND_NS)
  return nanosecond < 0 ? { seconds: seconds - 1, nanosecond: nanosecond + 1e9 } : { seconds, nanosecond }
}

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** How many days a month (1 to 12) has. */
export const daysInMonth = (year: number, month: number): number =>
  month === 2 && isLeap(year) ? 29 : (MONTH_DAYS[month - 1] ?? 0)

/** Days since 1970-01-01 of a date in the Gregorian calendar; days and months may overflow. */
export function daysOf(year: number, month: number, day: number): number {
  const months = year * 12 + month - 1
  const normalYear = Math.floor(months / 12)
  const normalMonth = (months % 12) + (months % 12 < 0 ? 13 : 1)
  // Years are counted from March, so that the leap day comes last.
  const shifted = normalMonth > 2 ? normalYear : normalYear - 1
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * ((normalMonth + 9) % 12) + 2) / 5)
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468 + day - 1
}

function dateOf(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

/** What clock and calendar show at a time in its zone. Pure. */
export function civilOf({ ns, zone }: Time): Civil {
  const { offsetSeconds, name } = zone.at(ns)
  const { seconds, nanosecond } = splitNs(ns)
  const local = seconds + offsetSeconds
  const days = Math.floor(local / DAY_SECONDS)
  const secondOfDay = local - days * DAY_SECONDS
  const { year, month, day } = dateOf(days)
  return {
    year,
    month,
    day,
    weekday: (((days + 4) % 7) + 7) % 7,
    yearDay: days - daysOf(year, 1, 1) + 1,
    hour: Math.floor(secondOfDay / 3600),
    minute: Math.floor((secondOfDay % 3600) / 60),
    second: secondOfDay % 60,
    nanosecond,
    offsetSeconds,
    zone: name,
  }
}

/** The time at which clocks of a zone show that; parts may overflow, as in Go's `time.Date`. Pure. */
export function timeOf(
  parts: Pick<Civil, 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'nanosecond'>,
  zone: Zone,
): Time {
  const { year, month, day, hour, minute, second, nanosecond } = parts
  const seconds = daysOf(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second
  const local = BigInt(seconds) * SECOND_NS + BigInt(nanosecond)
  const inNs = (offset: number): bigint => BigInt(offset) * SECOND_NS
  const guess = local - inNs(zone.at(local).offsetSeconds)
  return { kind: 'time', ns: local - inNs(zone.at(guess).offsetSeconds), zone }
}
