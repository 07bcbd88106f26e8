const ISO = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?([zZ]|[+-]\d\d:?\d\d)?$/
const HAS_ZONE = /([zZ]|[+-]\d\d:?\d\d)$/

/**
 * Milliseconds since 1970 of a time in RFC 3339; NaN for any other text, and for a day that its month
 * does not have. A time without a zone is read as UTC: most job loggers mean that, and the machine's
 * zone would be a guess that differs by machine.
 */
export function timeMs(text: string): number {
  if (!ISO.test(text) || !isDayOfMonth(text)) return Number.NaN
  return Date.parse(text.endsWith('Z') || HAS_ZONE.test(text) ? text : `${text}Z`)
}

/** Date.parse takes 30 February for 2 March. */
function isDayOfMonth(text: string): boolean {
  const day = Number(text.slice(8, 10))
  if (day <= 28) return day > 0
  return day <= new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate()
}

/** Milliseconds since 1970 as `2026-01-15T12:00:00.000Z`. */
export type TimeWriter = (ms: number) => string

/**
 * Returns a function that writes times as `Date.prototype.toISOString` does, but remembers the last
 * minute: for times close to one another that takes a tenth of the time (0.65 µs each without).
 */
export function timeWriter(): TimeWriter {
  let minute = Number.NaN
  let untilSeconds = ''
  return (ms) => {
    const itsMinute = Math.floor(ms / 60_000)
    if (itsMinute !== minute) {
      minute = itsMinute
      untilSeconds = new Date(itsMinute * 60_000).toISOString().slice(0, -'00.000Z'.length)
    }
    const rest = ms - itsMinute * 60_000
    const digits = String(100_000 + rest)
    return `${untilSeconds}${digits.slice(1, 3)}.${digits.slice(3)}Z`
  }
}

/** The same instant as it is written in a log line; a text that is written so already stays. */
export const canonicalTime = (text: string | undefined, ms: number): string =>
  text?.length === 24 && text[10] === 'T' && text.endsWith('Z') ? text : new Date(ms).toISOString()
