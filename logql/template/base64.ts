const DIGIT = /[A-Za-z\d+/]/

/**
 * The text that standard base64 stands for, or what Go's decoder says is wrong with it, as sprig's `b64dec` gives
 * it. Pure.
 */
export function decodeBase64(text: string): string {
  const wrong = firstWrongByte(Buffer.from(text).toString('latin1'))
  return wrong === undefined
    ? Buffer.from(text, 'base64').toString()
    : `illegal base64 data at input byte ${wrong}`
}

const isBreak = (text: string, at: number): boolean => text[at] === '\n' || text[at] === '\r'

/** Where Go's decoder stops: at a byte that is no digit, or at the beginning of a group that is cut off. */
function firstWrongByte(text: string): number | undefined {
  let inGroup = 0
  for (let at = 0; at < text.length; at += 1) {
    if (isBreak(text, at)) continue
    if (text[at] === '=') return wrongPadding(text, at, inGroup)
    if (!DIGIT.test(text.charAt(at))) return at
    inGroup = (inGroup + 1) % 4
  }
  return inGroup === 0 ? undefined : text.length - inGroup
}

/** A group of two digits has two `=`, one of three has one; nothing follows. */
function wrongPadding(text: string, first: number, inGroup: number): number | undefined {
  if (inGroup < 2) return first
  let at = first + 1
  if (inGroup === 2) {
    while (isBreak(text, at)) at += 1
    if (at >= text.length) return text.length
    if (text[at] !== '=') return at - 1
    at += 1
  }
  while (isBreak(text, at)) at += 1
  return at < text.length ? at : undefined
}
