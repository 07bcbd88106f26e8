/** Go's texts are bytes: what is cut out of the middle of a character becomes one U+FFFD for each byte, as in its JSON. */
const decoded = (bytes: Buffer, start: number, end: number): string => {
  let from = start
  let to = end
  while (from < to && isContinuation(bytes, from)) from += 1
  while (to > from && isContinuation(bytes, to)) to -= 1
  // If `to` was inside a character, the loop above moved it to the start of the character.
  return '\ufffd'.repeat(from - start) + bytes.toString('utf8', from, to) + '\ufffd'.repeat(end - to)
}

const isContinuation = (bytes: Buffer, at: number): boolean => ((bytes[at] ?? 0) & 0xc0) === 0x80

const ASCII = /^[\0-\x7f]*$/

/** The length in bytes of UTF-8. */
export const byteLength = (text: string): number => Buffer.byteLength(text)

/** The bytes from `start` to `end` (excluded) as a text; both must lie within it. */
export function sliceBytes(text: string, start: number, end: number): string {
  return ASCII.test(text) ? text.slice(start, end) : decoded(Buffer.from(text), start, end)
}
