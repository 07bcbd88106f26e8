import {
  MALFORMED,
  NO_END_OF_ARRAY,
  NO_END_OF_OBJECT,
  skipSpace,
  stringEnd,
  unescaped,
  WRONG_ESCAPE,
} from './json-scan.ts'

/**
 * Reads one object in a text, member by member. After each member's key `at` is the place of its value, and the caller
 * sets it to the place after the value. At the end `at` is the place after the object, or negative: the problem.
 */
export type ObjectScan = { readonly text: string; at: number; key: string; isFirst: boolean }

/** A reading of the object whose first member comes at or after `at`. */
export const objectScan = (text: string, at: number): ObjectScan => ({ text, at, key: '', isFirst: true })

/** Moves to the value of the next member; false when there is none. */
export function nextMember(scan: ObjectScan): boolean {
  const { text } = scan
  const start = memberStart(scan)
  if (start < 0 || text.charCodeAt(start) === 125) {
    scan.at = start < 0 ? start : start + 1
    return false
  }
  scan.at = valueStart(scan, start)
  return scan.at >= 0
}

/** The place of the next key or of the closing bracket; negative when there is neither. */
function memberStart(scan: ObjectScan): number {
  const { text, isFirst } = scan
  const at = skipSpace(text, scan.at)
  scan.isFirst = false
  if (isFirst) return at === text.length ? MALFORMED : at
  // Loki's scanner names an array here, which is wrong; users know the message.
  if (at === text.length) return NO_END_OF_ARRAY
  const code = text.charCodeAt(at)
  if (code === 125) return at
  if (code !== 44) return NO_END_OF_OBJECT
  const next = skipSpace(text, at + 1)
  return next === text.length ? NO_END_OF_ARRAY : next
}

/** Reads the key that begins at `from`; answers the place of its value or a negative one. */
function valueStart(scan: ObjectScan, from: number): number {
  const { text } = scan
  if (text.charCodeAt(from) !== 34) return NO_END_OF_OBJECT
  const keyEnd = stringEnd(text, from + 1)
  if (keyEnd < 0) return MALFORMED
  const key = unescaped(text.slice(from + 1, keyEnd))
  if (key === undefined) return WRONG_ESCAPE
  scan.key = key
  const colon = skipSpace(text, keyEnd + 1)
  return text.charCodeAt(colon) === 58 ? skipSpace(text, colon + 1) : MALFORMED
}
