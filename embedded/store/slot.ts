import { crc32 } from 'node:zlib'
import { type BlockFacts, type EncodedBlock, SECTIONS, type SectionName } from './block.ts'

/** What a segment's index holds of each block: offset, first and last ns, count, bytes, and size and CRC-32 of each section. */
export const SLOT_BYTES = 64
const SIZES_AT = 32
const CHECKSUMS_AT = SIZES_AT + 4 * SECTIONS.length

/** The slot of a block whose sections begin at `offset`, one after the other. */
export function slotOf({ facts, sections }: EncodedBlock, offset: number): Buffer {
  const slot = Buffer.alloc(SLOT_BYTES)
  slot.writeDoubleLE(offset, 0)
  slot.writeBigInt64LE(facts.firstNs, 8)
  slot.writeBigInt64LE(facts.lastNs, 16)
  slot.writeUInt32LE(facts.count, 24)
  slot.writeUInt32LE(facts.bytes, 28)
  SECTIONS.forEach((name, index) => {
    slot.writeUInt32LE(sections[name].length, SIZES_AT + 4 * index)
    slot.writeUInt32LE(crc32(sections[name]), CHECKSUMS_AT + 4 * index)
  })
  return slot
}

/** The facts of the block in a slot. */
export function readSlot(slots: DataView, index: number): BlockFacts {
  const at = index * SLOT_BYTES
  return {
    firstNs: slots.getBigInt64(at + 8, true),
    lastNs: slots.getBigInt64(at + 16, true),
    count: slots.getUint32(at + 24, true),
    bytes: slots.getUint32(at + 28, true),
  }
}

/** Where a section of the block in a slot is in the file. */
export function sectionOf(
  slots: DataView,
  index: number,
  name: SectionName,
): { offset: number; bytes: number; checksum: number } {
  const at = index * SLOT_BYTES
  const position = SECTIONS.indexOf(name)
  const sizeOf = (section: number) => slots.getUint32(at + SIZES_AT + 4 * section, true)
  let offset = slots.getFloat64(at, true)
  for (let before = 0; before < position; before++) offset += sizeOf(before)
  return {
    offset,
    bytes: sizeOf(position),
    checksum: slots.getUint32(at + CHECKSUMS_AT + 4 * position, true),
  }
}
