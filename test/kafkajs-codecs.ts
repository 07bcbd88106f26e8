import { compressFrame } from 'lz4-napi'
import { CODEC, decompress } from '../kafka/codecs.ts'
import { kafkajs } from '../kafka/kafkajs.ts'

const byKafkajs = (codec: number) => async (buffer: Buffer) => decompress(buffer, codec)
const readOnly = (name: string) => async (): Promise<Buffer> => {
  throw new Error(`Vigie reads ${name}, but writes LZ4`)
}

/** Teaches kafkajs, by which tests read what Vigie wrote, the codecs that it lacks; gzip it has. Vigie itself writes LZ4 only. */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs
  CompressionCodecs[CompressionTypes.LZ4] = () => ({
    compress: async (encoder: { buffer: Buffer }) => compressFrame(encoder.buffer),
    decompress: byKafkajs(CODEC.lz4),
  })
  CompressionCodecs[CompressionTypes.Snappy] = () => ({
    compress: readOnly('snappy'),
    decompress: byKafkajs(CODEC.snappy),
  })
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: readOnly('ZSTD'),
    decompress: byKafkajs(CODEC.zstd),
  })
}
