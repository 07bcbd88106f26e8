import { type Zone } from './value.ts'
import { NOT_IN_DATABASE, ZONE_NAMES } from './zone-names.ts'

export const UTC: Zone = { name: 'UTC', at: () => ({ offsetSeconds: 0, name: 'UTC' }) }

/** A zone that always has the same offset, as Go's `time.FixedZone`. */
export const fixedZone = (name: string, offsetSeconds: number): Zone => ({
  name,
  at: () => ({ offsetSeconds, name }),
})

/** Languages whose short zone names are those of the time zone database: only British English has `CET`. */
const LANGUAGES = ['en-US', 'en-GB', 'en-AU', 'en-NZ', 'en-CA', 'en-IN', 'en-ZA']
/** No zone changes its offset within a quarter of an hour. */
const QUARTER_NS = 900_000_000_000n
const MAX_KEPT = 1000

/** Zones that were asked for: to make one takes about a millisecond, and a template asks for its zone at each line. */
const loaded = new Map<string, Zone | undefined>()

/** A zone of the time zone database; undefined for a name that it does not have. `Local` is UTC, as on a server. */
export function loadZone(name: string): Zone | undefined {
  if (name === '' || name === 'UTC' || name === 'Local') return UTC
  if (loaded.has(name)) return loaded.get(name)
  const zone = newZone(name)
  if (loaded.size >= MAX_KEPT) loaded.clear()
  loaded.set(name, zone)
  return zone
}

function newZone(name: string): Zone | undefined {
  if (!/^[A-Z]/.test(name)) return undefined
  const format = formatOf(name, 'en-US')
  if (format === undefined) return undefined
  const names = LANGUAGES.flatMap((language) => formatOf(name, language) ?? [])
  const known = new Map<bigint, { offsetSeconds: number; name: string }>()
  return {
    name,
    at(ns) {
      const quarter = ns / QUARTER_NS
      const found = known.get(quarter)
      if (found !== undefined) return found
      const date = new Date(Number(ns / 1_000_000n))
      const offsetSeconds = offsetOf(format, date)
      const result = { offsetSeconds, name: nameOf(name, names, date, offsetSeconds) }
      if (known.size >= MAX_KEPT) known.clear()
      known.set(quarter, result)
      return result
    },
  }
}

function formatOf(timeZone: string, language: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat(language, {
      timeZone,
      timeZoneName: 'short',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function offsetOf(format: Intl.DateTimeFormat, date: Date): number {
  const parts = new Map(format.formatToParts(date).map(({ type, value }) => [type, value]))
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type))
  const year = parts.get('era') === 'BC' ? 1 - part('year') : part('year')
  const local = new Date(0)
  local.setUTCFullYear(year, part('month') - 1, part('day'))
  local.setUTCHours(part('hour'), part('minute'), part('second'))
  return Math.round(local.getTime() / 1000) - Math.floor(date.getTime() / 1000)
}

const shortName = (format: Intl.DateTimeFormat, date: Date): string =>
  format.formatToParts(date).find(({ type }) => type === 'timeZoneName')?.value ?? ''

/** What the database calls the zone then. */
function nameOf(zone: string, formats: readonly Intl.DateTimeFormat[], date: Date, offset: number): string {
  const listed = ZONE_NAMES[zone]
  if (listed !== undefined && offset in listed) return listed[offset] ?? numberName(offset)
  const names = formats.map((format) => shortName(format, date))
  const named = names.find((name) => /^(?!GMT.|UTC.)[A-Z]{2,5}$/.test(name) && !NOT_IN_DATABASE.has(name))
  return named ?? numberName(offset)
}

/** `+03`, `-0330` */
function numberName(offset: number): string {
  const minutes = Math.round(Math.abs(offset) / 60)
  const digits = (value: number): string => String(value).padStart(2, '0')
  const rest = minutes % 60
  return `${offset < 0 ? '-' : '+'}${digits(Math.floor(minutes / 60))}${rest === 0 ? '' : digits(rest)}`
}
