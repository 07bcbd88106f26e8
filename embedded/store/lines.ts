import { isAscii } from 'node:buffer'
import { type Labels, type Lines } from '../../logql/source.ts'

/** Stands between two lines of a block: bytes that are no UTF-8 cannot join with the next line over it. */
export const SEPARATOR = 0x0a

/**
 * Lines that stand in `text` as bytes, a newline between two of them, as a query reads them. `metadata` is asked
 * once at most for the texts of `metadataText`, one a line.
 */
export function linesOf(
  text: Buffer,
  byteLengths: Uint32Array,
  metadata: () => readonly string[] | undefined,
): Lines {
  const starts = new Uint32Array(byteLengths.length)
  const ends = new Uint32Array(byteLengths.length)
  const decoded = isAscii(text)
    ? placedByBytes(text, byteLengths, starts, ends)
    : placedByNewlines(text, byteLengths, starts, ends)
  let texts: readonly string[] | undefined
  return {
    text: decoded,
    starts,
    ends,
    byteLength: (index) => byteLengths[index] ?? 0,
    metadata(index) {
      texts ??= metadata() ?? []
      return metadataOf(texts[index] ?? '')
    },
  }
}

/** In ASCII a character is a byte. */
function placedByBytes(
  text: Buffer,
  byteLengths: Uint32Array,
  starts: Uint32Array,
  ends: Uint32Array,
): string {
  let at = 0
  for (let index = 0; index < byteLengths.length; index++) {
    starts[index] = at
    at += byteLengths[index] ?? 0
    ends[index] = at++
  }
  return text.toString('latin1')
}

/**
 * Each newline byte is one newline of the decoded text, whatever stands around it. So the newline after a line
 * is found in the text by walking over the newlines of both; a line may hold some itself.
 */
function placedByNewlines(
  text: Buffer,
  byteLengths: Uint32Array,
  starts: Uint32Array,
  ends: Uint32Array,
): string {
  const decoded = text.toString()
  let start = 0
  let endByte = -1
  let newlineByte = -1
  let newline = -1
  for (let index = 0; index < byteLengths.length; index++) {
    starts[index] = start
    endByte += 1 + (byteLengths[index] ?? 0)
    while (newlineByte < endByte && newlineByte !== text.length) {
      newlineByte = endOr(text.indexOf(SEPARATOR, newlineByte + 1), text.length)
      newline = endOr(decoded.indexOf('\n', newline + 1), decoded.length)
    }
    ends[index] = newline
    start = newline + 1
  }
  return decoded
}

const endOr = (found: number, end: number): number => (found === -1 ? end : found)

/** Structured metadata as one line of text: a JSON array of names and values, by name; '' for none. */
export function metadataText(metadata: Labels | undefined): string {
  if (metadata === undefined || metadata.size === 0) return ''
  const pairs = [...metadata].sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(pairs.flat())
}

/** What `metadataText` wrote. */
export const metadataOf = (text: string): Labels | undefined =>
  text === '' ? undefined : labelsOfPairs(JSON.parse(text) as string[])

/** Labels from their names and values in turn. */
export function labelsOfPairs(pairs: readonly string[]): Labels {
  const labels = new Map<string, string>()
  for (let at = 0; at < pairs.length; at += 2) labels.set(pairs[at] ?? '', pairs[at + 1] ?? '')
  return labels
}
