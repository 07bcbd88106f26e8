import { decompress as zstdDecompress } from 'fzstd'
import kafkajs from 'kafkajs'
import { compressFrame, decompressFrameSync } from 'lz4-napi'
import { uncompress } from 'snappy'

/** Java's snappy-java frames its blocks: this magic, two int32 versions, then length-prefixed blocks. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const XERIAL_HEADER_BYTES = 16

/** Decompresses snappy as Kafka clients write it: framed by Java's, a bare block by librdkafka's. */
export async function unsnappy(compressed: Buffer): Promise<Buffer> {
  if (!compressed.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return snappyBlock(compressed)
  const blocks: Buffer[] = []
  for (let at = XERIAL_HEADER_BYTES; at < compressed.length; ) {
    const length = compressed.readInt32BE(at)
    blocks.push(await snappyBlock(compressed.subarray(at + 4, at + 4 + length)))
    at += 4 + length
  }
  return Buffer.concat(blocks)
}

const snappyBlock = async (block: Buffer): Promise<Buffer> => Buffer.from(await uncompress(block))

const readOnly = (name: string) => async (): Promise<Buffer> => {
  throw new Error(`Vigie reads ${name}, but writes LZ4`)
}

/** Teaches kafkajs the codecs that it lacks; gzip it has. Vigie itself writes LZ4 only. */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs
  CompressionCodecs[CompressionTypes.LZ4] = () => ({
    compress: async (encoder: { buffer: Buffer }) => compressFrame(encoder.buffer),
    // On the main thread, and copied: the threads' allocator kept 40 MB more, for no less CPU.
    decompress: async (buffer: Buffer) => Buffer.from(decompressFrameSync(buffer)),
  })
  CompressionCodecs[CompressionTypes.Snappy] = () => ({ compress: readOnly('snappy'), decompress: unsnappy })
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: readOnly('ZSTD'),
    decompress: async (buffer: Buffer) => Buffer.from(zstdDecompress(buffer)),
  })
}
