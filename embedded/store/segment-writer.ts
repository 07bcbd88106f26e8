import { openSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { compressSync } from 'lz4-napi'
import { SECTIONS } from './block.ts'
import { diskError, writeAll } from './disk.ts'
import { closeBlocks } from './head.ts'
import { type Draft, SEGMENT_MAGIC, type SegmentStream, segmentPath, TRAILER_BYTES } from './segment.ts'
import { slotOf } from './slot.ts'
import { type Head, type Keys } from './state.ts'

/** How the name of a draft ends. */
export const DRAFT_SUFFIX = '.tmp'
/** Bytes that are gathered before they are written. */
const WRITE_BYTES = 256 * 1024

/** Begins the segment that replaces the log of that number. Throws DISK_FULL or PATH_NOT_WRITABLE. */
export function createDraft(folder: string, number: number): Draft {
  const file = segmentPath(folder, number) + DRAFT_SUFFIX
  try {
    return { file, fd: openSync(file, 'w', 0o600), size: 0 }
  } catch (error) {
    throw diskError(error, file)
  }
}

/**
 * Writes what a head holds into a draft, a block at each step. The head must not be added to any more; it stays
 * readable: its open blocks become full ones. Throws DISK_FULL or PATH_NOT_WRITABLE.
 */
export function* writeSegment(draft: Draft, head: Head, keys: Keys): Generator<undefined, undefined> {
  const pending: Buffer[] = [SEGMENT_MAGIC]
  const slots: Buffer[] = []
  const streams: SegmentStream[] = []
  let end = SEGMENT_MAGIC.length
  for (const part of head.streams.values()) {
    closeBlocks(part, keys, 0)
    yield
    for (const block of part.full) {
      slots.push(slotOf(block, end))
      for (const name of SECTIONS) {
        pending.push(block.sections[name])
        end += block.sections[name].length
      }
      if (end - draft.size < WRITE_BYTES) continue
      flush(draft, pending)
      yield
    }
    const { tenant, key, labels } = part.stream
    streams.push([tenant, key, [...labels].flat(), part.full.length])
  }
  pending.push(indexOf(end, slots, streams))
  flush(draft, pending)
}

function flush(draft: Draft, pending: Buffer[]): void {
  const bytes = Buffer.concat(pending)
  pending.length = 0
  try {
    writeAll(draft.fd, bytes, draft.size)
  } catch (error) {
    throw diskError(error, draft.file)
  }
  draft.size += bytes.length
}

/** The end of a segment: what `openSegment` reads. */
function indexOf(offset: number, slots: readonly Buffer[], streams: readonly SegmentStream[]): Buffer {
  const names = compressSync(JSON.stringify(streams))
  const index = Buffer.concat([...slots, names])
  const trailer = Buffer.alloc(TRAILER_BYTES)
  trailer.writeDoubleLE(offset, 0)
  trailer.writeUInt32LE(index.length - names.length, 8)
  trailer.writeUInt32LE(names.length, 12)
  trailer.writeUInt32LE(crc32(trailer.subarray(0, 16), crc32(index)), 16)
  SEGMENT_MAGIC.copy(trailer, TRAILER_BYTES - SEGMENT_MAGIC.length)
  return Buffer.concat([index, trailer])
}
