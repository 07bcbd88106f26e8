import { gunzipSync } from 'node:zlib'
import { decompress as zstdDecompress } from 'fzstd'
import { decompressFrameSync } from 'lz4-napi'
import { uncompressSync } from 'snappy'

/** Java's snappy-java frames its blocks: this magic, two int32 versions, then length-prefixed blocks. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const XERIAL_HEADER_BYTES = 16

/** Decompresses snappy as Kafka clients write it: framed by Java's, a bare block by librdkafka's. */
export function unsnappy(compressed: Buffer): Buffer {
  if (!compressed.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return snappyBlock(compressed)
  const blocks: Buffer[] = []
  for (let at = XERIAL_HEADER_BYTES; at < compressed.length; ) {
    const length = compressed.readInt32BE(at)
    blocks.push(snappyBlock(compressed.subarray(at + 4, at + 4 + length)))
    at += 4 + length
  }
  return Buffer.concat(blocks)
}

const snappyBlock = (block: Buffer): Buffer => Buffer.from(uncompressSync(block))

/** The codecs by the lowest three bits of a batch's attributes; 0 is none. */
export const CODEC = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const
const CODEC_MASK = 0x07
/** Far more than a broker takes in a batch: only a record that is made to fill memory needs more. */
const MAX_UNPACKED_BYTES = 268_435_456

/** The records of a batch as they were before they were compressed. Throws for damaged bytes and unknown codecs. */
export function decompress(packed: Buffer, attributes: number): Buffer {
  switch (attributes & CODEC_MASK) {
    case CODEC.none:
      return packed
    case CODEC.gzip:
      return gunzipSync(packed, { maxOutputLength: MAX_UNPACKED_BYTES })
    case CODEC.snappy:
      return unsnappy(packed)
    case CODEC.lz4:
      // On the main thread, and copied: the threads' allocator kept 40 MB more, for no less CPU.
      return Buffer.from(decompressFrameSync(packed))
    case CODEC.zstd:
      return Buffer.from(zstdDecompress(packed))
    default:
      throw new RangeError(`compressed by a codec of number ${attributes & CODEC_MASK}`)
  }
}
