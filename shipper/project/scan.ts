/** Where a field's text stands in a record; an absent field is an empty text at 0. */
export type FieldSpans = { readonly starts: Int32Array; readonly ends: Int32Array }

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a]
const [OPEN_BRACE, CLOSE_BRACE, MINUS, PLUS, DOT, ZERO, NINE] = [0x7b, 0x7d, 0x2d, 0x2b, 0x2e, 0x30, 0x39]
const LETTER_U = 0x75
const CASE_BIT = 0x20
const LETTER_E = 0x65

const tableOf = (isIn: (byte: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, byte) => (isIn(byte) ? 1 : 0))
const oneOf = (bytes: string) => tableOf((byte) => bytes.includes(String.fromCharCode(byte)))

/** What may stand in a JSON string as it is. Bytes of UTF-8, valid or not, never end one. */
const IS_PLAIN = tableOf((byte) => byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH)
const IS_ESCAPABLE = oneOf('"\\/bfnrt')
const IS_HEX = oneOf('0123456789abcdefABCDEF')
const LITERALS = ['true', 'false', 'null'].map((word) => Buffer.from(word))

/** What a function below returns instead of a position when it does not understand what stands there. */
const UNCLEAR = -1

/**
 * Returns a function that finds fields with text in a record without parsing it: one pass over the bytes,
 * which checks all of them. It answers true only for a flat JSON object (no object or list in it) without
 * white space between its parts, as `vigie replay` writes them, whose names have no escapes, and in which
 * the fields that are there are texts without escapes. The spans are then those of what `JSON.parse` would
 * give: the last one of a name that is there twice. False says nothing of the record but that it needs
 * `JSON.parse`. The spans hold until the next call.
 */
export function fieldScanner(fields: readonly string[]): {
  scan: (bytes: Uint8Array, start: number, end: number) => boolean
  spans: FieldSpans
} {
  const starts = new Int32Array(fields.length)
  const ends = new Int32Array(fields.length)
  const fieldAt = nameMatcher(fields)
  const scan = (record: Uint8Array, start: number, end: number): boolean => {
    const last = end - 1
    if (last <= start || record[start] !== OPEN_BRACE || record[last] !== CLOSE_BRACE) return false
    for (let field = 0; field < fields.length; field++) {
      starts[field] = 0
      ends[field] = 0
    }
    if (last === start + 1) return true
    for (let at = start; at < last; ) {
      if (record[at + 1] !== QUOTE) return false
      const name = at + 2
      at = pastPlain(record, name)
      if (at + 2 > last || record[at] !== QUOTE || record[at + 1] !== COLON) return false
      const field = fieldAt(record, name, at)
      at += 2
      if (record[at] === QUOTE) {
        const text = at + 1
        at = pastPlain(record, text)
        if (field >= 0) {
          starts[field] = text
          ends[field] = at
        } else if (record[at] === BACKSLASH) at = pastEscapes(record, at)
        if (record[at] !== QUOTE) return false
        at++
      } else {
        if (field >= 0) return false
        at = pastNumberOrLiteral(record, at)
      }
      // What ends behind the record's end is the next record's.
      if (at > last || (at < last && record[at] !== COMMA)) return false
    }
    return true
  }
  return { scan, spans: { starts, ends } }
}

/** Returns a function that says which of the fields a name is, -1 for none. */
function nameMatcher(fields: readonly string[]) {
  const names = fields.map((field) => Buffer.from(field))
  const byLength: (readonly number[] | undefined)[] = []
  names.forEach((name, field) => {
    byLength[name.length] = [...(byLength[name.length] ?? []), field]
  })
  return (record: Uint8Array, start: number, end: number): number => {
    const candidates = byLength[end - start]
    if (candidates === undefined) return -1
    for (const field of candidates) if (startsWith(record, start, names[field] as Buffer)) return field
    return -1
  }
}

function startsWith(record: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index++)
    if (record[at + index] !== expected[index]) return false
  return true
}

function pastPlain(record: Uint8Array, from: number): number {
  let at = from
  while (at < record.length && IS_PLAIN[record[at] as number] === 1) at++
  return at
}

/** From a backslash in a text to the text's end; the last byte of a record is no plain one. */
function pastEscapes(record: Uint8Array, from: number): number {
  let at = from
  while (record[at] === BACKSLASH) {
    const escaped = record[at + 1] as number
    if (IS_ESCAPABLE[escaped] === 1) at += 2
    else if (escaped === LETTER_U && isHex4(record, at + 2)) at += 6
    else return UNCLEAR
    at = pastPlain(record, at)
  }
  return at
}

function pastNumberOrLiteral(record: Uint8Array, at: number): number {
  const first = record[at] as number
  if (first === MINUS || isDigit(first)) return pastNumber(record, at)
  for (const literal of LITERALS) if (startsWith(record, at, literal)) return at + literal.length
  return UNCLEAR
}

function isHex4(record: Uint8Array, from: number): boolean {
  for (let at = from; at < from + 4; at++) if (IS_HEX[record[at] as number] !== 1) return false
  return true
}

const isDigit = (byte: number | undefined): boolean => (byte as number) >= ZERO && (byte as number) <= NINE

function pastDigits(record: Uint8Array, from: number): number {
  let at = from
  while (at < record.length && isDigit(record[at])) at++
  return at
}

/** JSON's numbers: no zero before another digit, a digit on both sides of the point, one in the exponent. */
function pastNumber(record: Uint8Array, from: number): number {
  const start = record[from] === MINUS ? from + 1 : from
  let at = pastDigits(record, start)
  if (at === start || (record[start] === ZERO && at > start + 1)) return UNCLEAR
  if (record[at] === DOT) {
    const fraction = at + 1
    at = pastDigits(record, fraction)
    if (at === fraction) return UNCLEAR
  }
  if (((record[at] as number) | CASE_BIT) === LETTER_E) {
    const sign = record[at + 1]
    const exponent = sign === MINUS || sign === PLUS ? at + 2 : at + 1
    at = pastDigits(record, exponent)
    if (at === exponent) return UNCLEAR
  }
  return at
}
