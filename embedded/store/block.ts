import { compressSync, uncompressSync } from 'lz4-napi'
import { type Lines } from '../../logql/source.ts'
import { linesOf } from './lines.ts'
import { MAX_VARINT_BYTES, readVarints, writeVarint } from './varint.ts'

/** Entries of one stream in the order of their times, as arrays side by side. */
export type Columns = {
  firstNs: bigint
  /** Ns after `firstNs`, ascending, below 2^53. */
  offsets: Float64Array
  byteLengths: Uint32Array
  /** The lines with a newline between two of them. */
  text: Buffer
  /** What `metadataText` writes, one a line; undefined when no line has any. */
  metadata: readonly string[] | undefined
}

/** What is known of a block without reading it. `bytes` are those of its lines. */
export type BlockFacts = { count: number; bytes: number; firstNs: bigint; lastNs: bigint }

/** The parts of a block that are read on their own: counting needs no lines, and few need metadata. */
export const SECTIONS = ['times', 'lines', 'metadata'] as const
export type SectionName = (typeof SECTIONS)[number]

/** A block as it is stored. A block whose lines have no metadata has an empty section for it. */
export type EncodedBlock = { facts: BlockFacts; sections: Record<SectionName, Buffer> }

/** Nothing: the section of a block without metadata. */
const EMPTY = Buffer.alloc(0)

/**
 * Encodes a block with at least one entry. `times` holds each entry's distance from the one before, `lines`
 * the lengths of the lines in bytes and then the lines; numbers are varints, and each section is compressed
 * with LZ4: it took a third of the CPU of deflate and a fifth of that of Brotli or less, to read and to write.
 */
export function encodeBlock(columns: Columns): EncodedBlock {
  const { offsets, byteLengths, text, metadata, firstNs } = columns
  const count = offsets.length
  return {
    facts: {
      count,
      bytes: text.length - (count - 1),
      firstNs,
      lastNs: firstNs + BigInt(offsets[count - 1] ?? 0),
    },
    sections: {
      times: compressSync(encodeTimes(offsets)),
      lines: compressSync(encodeLines(byteLengths, text)),
      metadata: metadata?.some((text) => text !== '')
        ? compressSync(Buffer.from(metadata.join('\n')))
        : EMPTY,
    },
  }
}

function encodeTimes(offsets: Float64Array): Buffer {
  const target = Buffer.allocUnsafe(offsets.length * MAX_VARINT_BYTES)
  let at = 0
  let previous = 0
  for (const offset of offsets) {
    at = writeVarint(target, at, offset - previous)
    previous = offset
  }
  return target.subarray(0, at)
}

function encodeLines(byteLengths: Uint32Array, text: Buffer): Buffer {
  const target = Buffer.allocUnsafe(byteLengths.length * MAX_VARINT_BYTES + text.length)
  let at = 0
  for (const byteLength of byteLengths) at = writeVarint(target, at, byteLength)
  return target.subarray(0, at + text.copy(target, at))
}

/** The times of a block from its section: ns after its first entry. */
export function decodeTimes(section: Buffer, count: number): Float64Array {
  const offsets = new Float64Array(count)
  readVarints(uncompressSync(section), offsets)
  let offset = 0
  for (let index = 0; index < count; index++) {
    offset += offsets[index] ?? 0
    offsets[index] = offset
  }
  return offsets
}

/** The lines of a block from its sections; that of the metadata is read when some is asked for. */
export function decodeLines(section: Buffer, count: number, readMetadata: () => Buffer): Lines {
  const bytes = uncompressSync(section)
  const byteLengths = new Uint32Array(count)
  const text = bytes.subarray(readVarints(bytes, byteLengths))
  return linesOf(text, byteLengths, () => {
    const stored = readMetadata()
    return stored.length === 0 ? undefined : uncompressSync(stored).toString().split('\n')
  })
}
