import { formatGoDuration } from '../durations.ts'
import { type Civil, civilOf, timeOf } from './civil.ts'
import { inSeconds } from './duration.ts'
import { type ParameterType, type TemplateFunction } from './function.ts'
import { formatTime, timeText } from './layout.ts'
import { stringOf } from './stringer.ts'
import {
  type Integer,
  int,
  int64,
  integer,
  type Location,
  type Time,
  type Value,
  type Zone,
} from './value.ts'
import { UTC } from './zone.ts'

type Methods<Receiver> = ReadonlyMap<string, TemplateFunction<Receiver>>

const method = <Receiver>(
  parameters: readonly ParameterType[],
  call: (receiver: Receiver, values: readonly Value[]) => Value,
): TemplateFunction<Receiver> => ({
  parameters,
  rest: undefined,
  call: (values, receiver) => call(receiver, values),
})

/** Go's zero time, January 1 of the year 1. */
export const ZERO_TIME: Time = { kind: 'time', ns: -62_135_596_800_000_000_000n, zone: UTC }

const isTime = (value: Value | undefined): value is Time =>
  typeof value === 'object' && value !== null && value.kind === 'time'

const durationOf = (value: Value | undefined): bigint =>
  typeof value === 'object' && value !== null && value.kind === 'integer' ? value.value : 0n

const duration = (ns: bigint): Integer => {
  const most = 2n ** 63n - 1n
  return integer(ns > most ? most : ns < -most - 1n ? -most - 1n : ns, 'time.Duration')
}

const floorDivide = (a: bigint, b: bigint): bigint => a / b - (a % b !== 0n && a < 0n !== b < 0n ? 1n : 0n)

/** A part of the date or clock, as an int. */
const part = (name: keyof Omit<Civil, 'zone'>): TemplateFunction<Time> =>
  method([], (time) => int(civilOf(time)[name]))

const unix = (unitNs: bigint): TemplateFunction<Time> =>
  method([], ({ ns }) => int64(floorDivide(ns, unitNs)))

const comparing = (compare: (a: bigint, b: bigint) => Value): TemplateFunction<Time> =>
  method(['time.Time'], ({ ns }, [other]) => compare(ns, isTime(other) ? other.ns : 0n))

/** Rounded towards the zero time; `isNearest` rounds halves up. */
function roundedTime(time: Time, unit: bigint, isNearest: boolean): Time {
  if (unit <= 0n) return time
  const since = time.ns - ZERO_TIME.ns
  const rest = ((since % unit) + unit) % unit
  const isUp = isNearest && rest + rest >= unit
  return { ...time, ns: time.ns - rest + (isUp ? unit : 0n) }
}

const locationOf = (zone: Zone): Location => ({ kind: 'location', type: '*time.Location', zone })

const inLocation = (time: Time, [location]: readonly Value[]): Value =>
  typeof location === 'object' && location?.kind === 'location' ? { ...time, zone: location.zone } : time

const LOCATION_METHODS: Methods<Location> = new Map<string, TemplateFunction<Location>>([
  ['String', method([], ({ zone }) => zone.name)],
])

const TIME_METHODS: Methods<Time> = new Map<string, TemplateFunction<Time>>([
  [
    'Format',
    method(['string'], (time, [layout]) => formatTime(time, typeof layout === 'string' ? layout : '')),
  ],
  ['String', method([], timeText)],
  ['UTC', method([], (time) => ({ ...time, zone: UTC }))],
  ['Local', method([], (time) => ({ ...time, zone: UTC }))],
  ['In', method(['*time.Location'], inLocation)],
  ['Location', method([], ({ zone }) => locationOf(zone))],
  ['Unix', unix(1_000_000_000n)],
  ['UnixMilli', unix(1_000_000n)],
  ['UnixMicro', unix(1_000n)],
  ['UnixNano', unix(1n)],
  ['Year', part('year')],
  ['Month', method([], (time) => integer(BigInt(civilOf(time).month), 'time.Month'))],
  ['Day', part('day')],
  ['Weekday', method([], (time) => integer(BigInt(civilOf(time).weekday), 'time.Weekday'))],
  ['YearDay', part('yearDay')],
  ['Hour', part('hour')],
  ['Minute', part('minute')],
  ['Second', part('second')],
  ['Nanosecond', part('nanosecond')],
  ['Add', method(['time.Duration'], (time, [ns]) => ({ ...time, ns: time.ns + durationOf(ns) }))],
  ['AddDate', method(['int', 'int', 'int'], addDate)],
  ['Sub', method(['time.Time'], ({ ns }, [other]) => duration(ns - (isTime(other) ? other.ns : 0n)))],
  ['Before', comparing((a, b) => a < b)],
  ['After', comparing((a, b) => a > b)],
  ['Equal', comparing((a, b) => a === b)],
  ['Compare', comparing((a, b) => int(a < b ? -1 : a > b ? 1 : 0))],
  ['IsZero', method([], ({ ns }) => ns === ZERO_TIME.ns)],
  ['Truncate', method(['time.Duration'], (time, [unit]) => roundedTime(time, durationOf(unit), false))],
  ['Round', method(['time.Duration'], (time, [unit]) => roundedTime(time, durationOf(unit), true))],
])

function addDate(time: Time, [years, months, days]: readonly Value[]): Time {
  const civil = civilOf(time)
  const plus = (value: Value | undefined): number => Number(durationOf(value))
  return timeOf(
    {
      ...civil,
      year: civil.year + plus(years),
      month: civil.month + plus(months),
      day: civil.day + plus(days),
    },
    time.zone,
  )
}

/** Whole units and the rest of a duration as a float, as Go computes them. */
const unitsOf = (ns: bigint, unitNs: bigint): number =>
  Number(ns / unitNs) + Number(ns % unitNs) / Number(unitNs)

/** Rounded to a multiple; half away from zero. */
function roundedDuration(ns: bigint, unit: bigint, isNearest: boolean): bigint {
  if (unit <= 0n) return ns
  const rest = ns % unit
  const magnitude = rest < 0n ? -rest : rest
  const isAway = isNearest && magnitude + magnitude >= unit
  return ns - rest + (isAway ? (ns < 0n ? -unit : unit) : 0n)
}

const DURATION_METHODS: Methods<Integer> = new Map<string, TemplateFunction<Integer>>([
  ['String', method([], ({ value }) => formatGoDuration(value))],
  ['Hours', method([], ({ value }) => unitsOf(value, 3_600_000_000_000n))],
  ['Minutes', method([], ({ value }) => unitsOf(value, 60_000_000_000n))],
  ['Seconds', method([], ({ value }) => inSeconds(value))],
  ['Milliseconds', method([], ({ value }) => int64(value / 1_000_000n))],
  ['Microseconds', method([], ({ value }) => int64(value / 1_000n))],
  ['Nanoseconds', method([], ({ value }) => int64(value))],
  ['Abs', method([], ({ value }) => duration(value < 0n ? -value : value))],
  [
    'Truncate',
    method(['time.Duration'], ({ value }, [unit]) =>
      duration(roundedDuration(value, durationOf(unit), false)),
    ),
  ],
  [
    'Round',
    method(['time.Duration'], ({ value }, [unit]) =>
      duration(roundedDuration(value, durationOf(unit), true)),
    ),
  ],
])

/** The method of a time. */
export const locationMethod = (name: string): TemplateFunction<Location> | undefined =>
  LOCATION_METHODS.get(name)

export const timeMethod = (name: string): TemplateFunction<Time> | undefined => TIME_METHODS.get(name)

/** The method of a duration, a month or a weekday. */
export function integerMethod({ type }: Integer, name: string): TemplateFunction<Integer> | undefined {
  if (type === 'time.Duration') return DURATION_METHODS.get(name)
  const hasText = type === 'time.Month' || type === 'time.Weekday'
  return hasText && name === 'String' ? method([], (receiver) => stringOf(receiver) ?? '') : undefined
}
