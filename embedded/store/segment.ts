import { closeSync, fstatSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { uncompressSync } from 'lz4-napi'
import { vigieError } from '../../service/errors.ts'
import { type SectionName } from './block.ts'
import { readAt } from './disk.ts'
import { fileDescriptor, type OpenFiles } from './open-files.ts'
import { type StoredBlock } from './read.ts'
import { readSlot, SLOT_BYTES, sectionOf } from './slot.ts'

/**
 * An immutable file of blocks: [magic, the blocks' sections, one slot a block, the streams, trailer]. The slots stay in
 * memory (64 bytes for about 100 KB of lines), everything else is read when it is asked for.
 */
export type Segment = {
  file: string
  /** The number of the log it replaces. */
  number: number
  slots: DataView
  /** The key of its first block in caches. */
  firstKey: number
  firstNs: bigint
  lastNs: bigint
}

/** The streams of a segment as JSON: tenant, key, names and values of the labels, number of blocks. */
export type SegmentStream = [tenant: string, key: string, labels: string[], blocks: number]

/** A segment that is being written, under a name that is deleted when it is found at opening. */
export type Draft = { file: string; fd: number; size: number }

export const SEGMENT_MAGIC = Buffer.from('VigieSg1')
/** Where the slots begin, the bytes of the slots, the bytes of the streams, CRC-32 of it all, magic. */
export const TRAILER_BYTES = 8 + 4 + 4 + 4 + SEGMENT_MAGIC.length

/** Where the segment of that number is. */
export const segmentPath = (folder: string, number: number): string =>
  join(folder, `segment-${String(number).padStart(8, '0')}`)

/** Reads a segment's index. Its blocks have the keys from `firstKey` on. Throws STORE_DAMAGED. */
export function openSegment(
  file: string,
  number: number,
  firstKey: number,
): { segment: Segment; streams: readonly SegmentStream[] } {
  const { slots, streams } = readIndex(file)
  const view = new DataView(slots.buffer, slots.byteOffset, slots.length)
  return { segment: { file, number, slots: view, firstKey, ...spanOf(view) }, streams }
}

function readIndex(file: string): { slots: Buffer; streams: SegmentStream[] } {
  const fd = openSync(file, 'r')
  try {
    const { size } = fstatSync(fd)
    const trailer = readAt(fd, Math.max(0, size - TRAILER_BYTES), TRAILER_BYTES)
    const damaged = (offset: number, problem: string) =>
      vigieError('STORE_DAMAGED', { file, offset, problem })
    if (trailer.length < TRAILER_BYTES || !trailer.subarray(-SEGMENT_MAGIC.length).equals(SEGMENT_MAGIC))
      throw damaged(Math.max(0, size - TRAILER_BYTES), 'it does not end as a segment does')
    const from = trailer.readDoubleLE(0)
    const slotBytes = trailer.readUInt32LE(8)
    if (from + slotBytes + trailer.readUInt32LE(12) + TRAILER_BYTES !== size)
      throw damaged(size - TRAILER_BYTES, 'its index is not as long as it says')
    const index = readAt(fd, from, size - TRAILER_BYTES - from)
    if (trailer.readUInt32LE(16) !== crc32(trailer.subarray(0, 16), crc32(index)))
      throw damaged(from, 'the index does not match its checksum')
    // A copy, since the slots stay and the rest need not.
    const slots = Buffer.from(Uint8Array.from(index.subarray(0, slotBytes)).buffer)
    const streams = JSON.parse(uncompressSync(index.subarray(slotBytes)).toString()) as SegmentStream[]
    return { slots, streams }
  } finally {
    closeSync(fd)
  }
}

function spanOf(slots: DataView): { firstNs: bigint; lastNs: bigint } {
  let { firstNs, lastNs } = readSlot(slots, 0)
  for (let index = 1; index * SLOT_BYTES < slots.byteLength; index++) {
    const facts = readSlot(slots, index)
    if (facts.firstNs < firstNs) firstNs = facts.firstNs
    if (facts.lastNs > lastNs) lastNs = facts.lastNs
  }
  return { firstNs, lastNs }
}

/** A block of a segment. Reading it throws STORE_DAMAGED where it does not match its checksum. */
export const blockIn = (segment: Segment, index: number, files: OpenFiles): StoredBlock => ({
  facts: readSlot(segment.slots, index),
  key: segment.firstKey + index,
  hasMetadata: sectionOf(segment.slots, index, 'metadata').bytes > 0,
  read: (section) => readSection(segment, index, section, files),
})

function readSection(segment: Segment, index: number, name: SectionName, files: OpenFiles): Buffer {
  const { offset, bytes, checksum } = sectionOf(segment.slots, index, name)
  const section = readAt(fileDescriptor(files, segment.file), offset, bytes)
  if (section.length === bytes && crc32(section) === checksum) return section
  const problem = `the ${name} of a block do not match their checksum`
  throw vigieError('STORE_DAMAGED', { file: segment.file, offset, problem })
}
