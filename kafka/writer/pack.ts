import { compressFrame } from 'lz4-napi'
import { CODEC } from '../codecs.ts'
import { crc32c } from '../kafkajs.ts'
import { BATCH_HEAD_BYTES, encodeBatch, TRANSACTIONAL } from '../record-batch.ts'
import { type Piece, type Taken } from './backlog.ts'
import { type Sequence } from './sequence.ts'

/** Records on their way: compressed once, and the same bytes at each attempt under the same number. */
export type Batch = {
  pieces: readonly Piece[]
  count: number
  /** Uncompressed, and as Kafka compares it with its limit. */
  plainBytes: number
  sizeBytes: number
  codec: number
  firstTimestampMs: number
  maxTimestampMs: number
  packed: Buffer
  /** The batch with its head, once it has a number. */
  encoded: Buffer | undefined
}

/** Compresses by LZ4 what shrinks. */
export async function pack({ pieces, records }: Taken): Promise<Batch> {
  const plain = records.bytes.subarray(0, records.length)
  const compressed = await compressFrame(plain)
  const isSmaller = compressed.length < plain.length
  const packed = isSmaller ? compressed : plain
  const { count, firstTimestampMs, maxTimestampMs } = records
  return {
    ...{ pieces, count, firstTimestampMs, maxTimestampMs, packed },
    plainBytes: BATCH_HEAD_BYTES + plain.length,
    sizeBytes: BATCH_HEAD_BYTES + packed.length,
    codec: isSmaller ? CODEC.lz4 : CODEC.none,
    encoded: undefined,
  }
}

/** The batch with its bytes under that number, which are made once. */
export function numbered(batch: Batch, sequence: Sequence & { kind: 'numbered' }): Batch {
  if (batch.encoded !== undefined) return batch
  const { identity, next } = sequence
  const head = {
    attributes: batch.codec | (identity.isTransactional ? TRANSACTIONAL : 0),
    count: batch.count,
    firstTimestampMs: batch.firstTimestampMs,
    maxTimestampMs: batch.maxTimestampMs,
    producerId: identity.producerId,
    producerEpoch: identity.epoch,
    firstSequence: next,
  }
  return { ...batch, encoded: encodeBatch(head, batch.packed, crc32c) }
}
