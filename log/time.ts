const ISO = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?([zZ]|[+-]\d\d:?\d\d)?$/
const HAS_ZONE = /([zZ]|[+-]\d\d:?\d\d)$/

/**
 * Milliseconds since 1970 of a time in RFC 3339; NaN for any other text. A time without a zone is read
 * as UTC: most job loggers mean that, and the machine's zone would be a guess that differs by machine.
 */
export function timeMs(text: string): number {
  if (!ISO.test(text)) return Number.NaN
  return Date.parse(HAS_ZONE.test(text) ? text : `${text}Z`)
}
