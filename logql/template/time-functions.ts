import { splitNs } from './civil.ts'
import { inSeconds, parseDuration } from './duration.ts'
import { fail, fixed, type TemplateFunction } from './function.ts'
import { formatParts, type LayoutPart, parseLayout } from './layout.ts'
import { ZERO_TIME } from './time-methods.ts'
import { parseTime } from './time-parse.ts'
import { type Time, type Value, type Zone } from './value.ts'
import { loadZone, UTC } from './zone.ts'

const MAX_KEPT = 50

/** The function, with its last results remembered. */
function memoized<Result>(make: (text: string) => Result): (text: string) => Result {
  const known = new Map<string, Result>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const made = make(text)
    if (known.size >= MAX_KEPT) known.clear()
    known.set(text, made)
    return made
  }
}

export const timeAt = (ns: bigint, zone: Zone = UTC): Time => ({ kind: 'time', ns, zone })

const now = (): Time => timeAt(BigInt(Date.now()) * 1_000_000n)

/** What sprig's `date` takes for a time: seconds since 1970 too, and now for anything else. */
function asTime(value: Value): Time {
  if (typeof value !== 'object' || value === null) return now()
  if (value.kind === 'time') return value
  const isSeconds = value.kind === 'integer' && (value.type === 'int' || value.type === 'int64')
  return isSeconds ? timeAt(value.value * SECOND_NS) : now()
}

const SECOND_NS = 1_000_000_000n

/** How long a number since 1970 is says its unit: days, s, ms, µs or ns. */
const UNIT_NS_BY_LENGTH: ReadonlyMap<number, bigint> = new Map([
  [5, 86_400n * SECOND_NS],
  [10, SECOND_NS],
  [13, 1_000_000n],
  [16, 1_000n],
  [19, 1n],
])

function unixToTime(text: string): Time {
  if (!/^[+-]?\d+$/.test(text)) {
    return fail(
      `unable to parse time '${text}': strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`,
    )
  }
  const unit = UNIT_NS_BY_LENGTH.get(text.length)
  return unit === undefined ? fail(`unable to parse time '${text}': %!w(<nil>)`) : timeAt(BigInt(text) * unit)
}

const floored = ({ ns }: Time, unitNs: bigint): string =>
  String(ns >= 0n ? ns / unitNs : (ns - unitNs + 1n) / unitNs)

/** Loki's functions of times and durations. They keep layouts and zones: make them once for a template. */
export function timeFunctions(): ReadonlyMap<string, TemplateFunction<unknown>> {
  const layoutOf: (layout: string) => LayoutPart[] = memoized(parseLayout)
  const zoneOf: (name: string) => Zone = memoized((name) => loadZone(name) ?? UTC)
  const parsed = (layout: string, text: string, zone: Zone): Time =>
    parseTime(layout, text, zone) ?? ZERO_TIME
  return new Map([
    ['now', fixed([], now)],
    [
      'date',
      fixed(['string', 'any'], (layout, time) =>
        formatParts({ ...asTime(time), zone: UTC }, layoutOf(layout)),
      ),
    ],
    ['toDate', fixed(['string', 'string'], (layout, text) => parsed(layout, text, UTC))],
    [
      'toDateInZone',
      fixed(['string', 'string', 'string'], (layout, zone, text) => parsed(layout, text, zoneOf(zone))),
    ],
    ['unixEpoch', fixed(['time.Time'], ({ ns }) => String(splitNs(ns).seconds))],
    ['unixEpochMillis', fixed(['time.Time'], (time) => floored(time, 1_000_000n))],
    ['unixEpochNanos', fixed(['time.Time'], (time) => floored(time, 1n))],
    ['unixToTime', fixed(['string'], unixToTime)],
    ['duration', fixed(['string'], (text) => inSeconds(parseDuration(text)))],
    ['duration_seconds', fixed(['string'], (text) => inSeconds(parseDuration(text)))],
  ])
}
