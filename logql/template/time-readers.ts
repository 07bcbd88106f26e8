import { type LayoutPart, MONTHS, WEEKDAYS } from './layout.ts'

/** What was read so far. Parts that the layout does not have are undefined. */
export type Parsed = {
  year: number
  month: number | undefined
  day: number | undefined
  yearDay: number | undefined
  hour: number
  minute: number
  second: number
  nanosecond: number
  isAfternoon: boolean | undefined
  isUtc: boolean
  offsetSeconds: number | undefined
  zoneName: string | undefined
}

/** Reads one part at the start of the text and answers the rest; undefined when it is not there or out of range. */
export type ReadPart = (text: string, parsed: Parsed, next: LayoutPart | undefined) => string | undefined

const after = (
  text: string,
  pattern: RegExp,
  take: (found: RegExpExecArray) => boolean,
): string | undefined => {
  const found = pattern.exec(text)
  return found !== null && take(found) ? text.slice(found[0].length) : undefined
}

const numberReader =
  (pattern: RegExp, take: (value: number, parsed: Parsed) => boolean): ReadPart =>
  (text, parsed) =>
    after(text, pattern, ([digits]) => take(Number(digits), parsed))

const nameReader =
  (
    names: readonly string[],
    length: number | undefined,
    take: (index: number, parsed: Parsed) => void,
  ): ReadPart =>
  (text, parsed) => {
    const lower = text.toLowerCase()
    const index = names.findIndex((name) => lower.startsWith(name.slice(0, length).toLowerCase()))
    if (index < 0) return undefined
    take(index, parsed)
    return text.slice(names[index]?.slice(0, length).length)
  }

const ONE_OR_TWO = /^\d\d?/
const TWO = /^\d\d/

const setYear = (parsed: Parsed, year: number): boolean => {
  parsed.year = year
  return true
}
const setMonth = (month: number, parsed: Parsed): boolean => {
  parsed.month = month
  return month >= 1 && month <= 12
}
const setDay = (day: number, parsed: Parsed): boolean => {
  parsed.day = day
  return true
}
const setYearDay = (day: number, parsed: Parsed): boolean => {
  parsed.yearDay = day
  return true
}
const setHour =
  (most: number) =>
  (hour: number, parsed: Parsed): boolean => {
    parsed.hour = hour
    return hour <= most
  }
const setMinute = (minute: number, parsed: Parsed): boolean => {
  parsed.minute = minute
  return minute < 60
}
const setSecond = (second: number, parsed: Parsed): boolean => {
  parsed.second = second
  return second < 60
}
const setNanosecond = (parsed: Parsed, digits: string): boolean => {
  parsed.nanosecond = Number(digits.slice(0, 9).padEnd(9, '0'))
  return true
}

/** Go reads a fraction behind the seconds also where the layout has none. */
const secondReader =
  (pattern: RegExp): ReadPart =>
  (text, parsed, next) => {
    const rest = numberReader(pattern, setSecond)(text, parsed, next)
    const layoutHasFraction = next?.isPart === true && /^[.,]/.test(next.text)
    if (rest === undefined || layoutHasFraction) return rest
    return after(
      rest,
      /^(?:[.,](\d+))?/,
      ([, digits]) => digits === undefined || setNanosecond(parsed, digits),
    )
  }

const fractionReader =
  (layout: string): ReadPart =>
  (text, parsed) => {
    const isExact = layout.charAt(1) === '0'
    const pattern = isExact ? new RegExp(`^[.,](\\d{${layout.length - 1}})`) : /^(?:[.,](\d+))?/
    return after(text, pattern, ([, digits]) => digits === undefined || setNanosecond(parsed, digits))
  }

const halfReader =
  (words: readonly [string, string]): ReadPart =>
  (text, parsed) => {
    const index = words.indexOf(text.slice(0, 2))
    if (index < 0) return undefined
    parsed.isAfternoon = index === 1
    return text.slice(2)
  }

const offsetReader = (layout: string): ReadPart => {
  const colon = layout.includes(':') ? ':' : ''
  const minutes = layout.length > 3 ? `${colon}(\\d\\d)` : ''
  const seconds = layout.length > 6 ? `${colon}(\\d\\d)` : ''
  const pattern = new RegExp(`^([+-])(\\d\\d)${minutes}${seconds}`)
  return (text, parsed) => {
    if (layout.startsWith('Z') && text.startsWith('Z')) {
      parsed.isUtc = true
      return text.slice(1)
    }
    return after(text, pattern, ([, sign, ...digits]) => {
      const [hours = 0, minute = 0, second = 0] = digits.map(Number)
      const offset = hours * 3600 + minute * 60 + second
      parsed.offsetSeconds = sign === '-' ? -offset : offset
      return hours <= 24 && minute <= 60 && second <= 60
    })
  }
}

const ZONE_NAME =
  /^(?:ChST|MeST|GMT(?:[+-]\d{1,2})?|[+-]\d{1,2}|WITA|[A-Z]{4}T(?![A-Z])|[A-Z]{3}T(?![A-Z])|[A-Z]{3}(?![A-Z]))/

const zoneReader: ReadPart = (text, parsed) => {
  if (text.startsWith('UTC')) {
    parsed.isUtc = true
    return text.slice(3)
  }
  return after(text, ZONE_NAME, ([name]) => {
    parsed.zoneName = name
    return true
  })
}

const READERS: Readonly<Record<string, ReadPart>> = {
  '2006': numberReader(/^\d{4}/, (year, parsed) => setYear(parsed, year)),
  '06': numberReader(TWO, (year, parsed) => setYear(parsed, year + (year >= 69 ? 1900 : 2000))),
  January: nameReader(MONTHS, undefined, (index, parsed) => setMonth(index + 1, parsed)),
  Jan: nameReader(MONTHS, 3, (index, parsed) => setMonth(index + 1, parsed)),
  '01': numberReader(TWO, setMonth),
  '1': numberReader(ONE_OR_TWO, setMonth),
  Monday: nameReader(WEEKDAYS, undefined, () => undefined),
  Mon: nameReader(WEEKDAYS, 3, () => undefined),
  '02': numberReader(TWO, setDay),
  _2: numberReader(/^ ?\d\d?/, setDay),
  '2': numberReader(ONE_OR_TWO, setDay),
  '002': numberReader(/^\d{3}/, setYearDay),
  __2: numberReader(/^ {0,2}\d{1,3}/, setYearDay),
  '15': numberReader(ONE_OR_TWO, setHour(23)),
  '03': numberReader(TWO, setHour(12)),
  '3': numberReader(ONE_OR_TWO, setHour(12)),
  '04': numberReader(TWO, setMinute),
  '4': numberReader(ONE_OR_TWO, setMinute),
  '05': secondReader(TWO),
  '5': secondReader(ONE_OR_TWO),
  PM: halfReader(['AM', 'PM']),
  pm: halfReader(['am', 'pm']),
  MST: zoneReader,
}

/** Reads what a part of a layout stands for. */
export const readerOf = (part: string): ReadPart =>
  READERS[part] ?? (/^[Z-]/.test(part) ? offsetReader(part) : fractionReader(part))
