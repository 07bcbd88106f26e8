import { type FieldSpans } from './scan.ts'

/** Texts that were seen: their bytes one behind the other, their lengths, and what was made of them. */
type Known<Made> = { bytes: Uint8Array; lengths: Int32Array; made: Made }

/** Room for as many texts, an eighth of a megabyte: 3 times the streams that Loki allows by default (5,000). */
const SLOTS = 16_384

/**
 * Returns a function that makes something of the texts of a record's first `fields` fields, as `make`
 * does, and remembers it by their bytes: for texts that were seen no string is built. An absent field is an
 * empty text. Texts that share a slot take turns in it, so that memory stays bounded.
 */
export function internedTexts<Made>(
  fields: number,
  make: (texts: readonly string[]) => Made,
): (record: Buffer, spans: FieldSpans) => Made {
  const slots: (Known<Made> | undefined)[] = new Array(SLOTS).fill(undefined)
  return (record, spans) => {
    const slot = hashOf(record, spans, fields) & (SLOTS - 1)
    const known = slots[slot]
    if (known !== undefined && isSame(known, record, spans)) return known.made
    const added = knownOf(record, spans, fields, make)
    slots[slot] = added
    return added.made
  }
}

/** FNV-1a over the bytes, each text ended by its field's number. */
function hashOf(record: Uint8Array, { starts, ends }: FieldSpans, fields: number): number {
  let hash = 0x811c9dc5 | 0
  for (let field = 0; field < fields; field++) {
    const end = ends[field] as number
    for (let at = starts[field] as number; at < end; at++)
      hash = Math.imul(hash ^ (record[at] as number), 0x01000193)
    hash = Math.imul(hash ^ field, 0x01000193)
  }
  return hash ^ (hash >>> 16)
}

function isSame(
  { bytes, lengths }: Known<unknown>,
  record: Uint8Array,
  { starts, ends }: FieldSpans,
): boolean {
  let knownAt = 0
  for (let field = 0; field < lengths.length; field++) {
    const start = starts[field] as number
    const length = lengths[field] as number
    if ((ends[field] as number) - start !== length) return false
    for (let at = 0; at < length; at++) if (bytes[knownAt++] !== record[start + at]) return false
  }
  return true
}

function knownOf<Made>(
  record: Buffer,
  { starts, ends }: FieldSpans,
  fields: number,
  make: (texts: readonly string[]) => Made,
): Known<Made> {
  const pieces: Buffer[] = []
  for (let field = 0; field < fields; field++) pieces.push(record.subarray(starts[field], ends[field]))
  // Copies: a view would keep the whole fetch in memory.
  return {
    bytes: Buffer.concat(pieces),
    lengths: Int32Array.from(pieces, (piece) => piece.length),
    made: make(pieces.map((piece) => piece.toString('utf8'))),
  }
}
