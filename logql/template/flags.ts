/** The flags of a verb of `printf`, its width and its precision. */
export type Flags = {
  plus: boolean
  minus: boolean
  sharp: boolean
  space: boolean
  zero: boolean
  /** `%+v` and `%#v`, where the flags have another meaning. */
  plusV: boolean
  sharpV: boolean
  width: number | undefined
  precision: number | undefined
  /** A value is shown for which the verb was wrong: as it is, without its `String` method. */
  isWrong: boolean
}

export const NO_FLAGS: Readonly<Flags> = {
  plus: false,
  minus: false,
  sharp: false,
  space: false,
  zero: false,
  plusV: false,
  sharpV: false,
  width: undefined,
  precision: undefined,
  isWrong: false,
}

/** The length in code points, which is what widths count. */
function lengthInPoints(text: string): number {
  let length = text.length
  for (let at = 0; at < text.length - 1; at += 1) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00)
      length -= 1
  }
  return length
}

/** A text filled up to the width. Pure. */
export function pad({ width, minus, zero }: Flags, text: string, mayBeZeros = true): string {
  const missing = width === undefined ? 0 : width - lengthInPoints(text)
  if (missing <= 0) return text
  return minus ? text + ' '.repeat(missing) : (zero && mayBeZeros ? '0' : ' ').repeat(missing) + text
}
