import { BATCH_HEAD_BYTES } from '../record-batch.ts'

/** Kafka's own default for `max.message.bytes`: where nobody may ask (a batch of 1 MB, and its head). */
export const DEFAULT_MAX_BATCH_BYTES = 1_048_588

/**
 * How much of a batch before compression goes into it. What a broker compares with the topic's limit is the batch
 * compressed, so a batch of up to the limit uncompressed always fits. More may, where records compress well: as
 * much as the batches before suggest, with a tenth to spare, up to a megabyte, beyond which nothing is gained.
 */
export type Fit = {
  /** What the topic's `max.message.bytes` is said to be. */
  readonly toldBytes: number
  /** The same, or less where Kafka refused less. */
  readonly maxBytes: number
  /** Compressed to uncompressed size of the batch before; 1 where it is not known. */
  readonly ratio: number
}
const SPARE = 0.9
const ENOUGH_BYTES = 1_048_576

/** Before the first batch, and when the topic's limit is another one. Pure. */
export const fitOf = (toldBytes: number): Fit => ({ toldBytes, maxBytes: toldBytes, ratio: 1 })

/** After Kafka found a batch of several records too large. Pure. */
export const refusedFit = (fit: Fit, sizeBytes: number): Fit => ({
  ...fit,
  ratio: 1,
  maxBytes: Math.max(BATCH_HEAD_BYTES, Math.min(fit.maxBytes, sizeBytes - 1)),
})

/** Bytes of encoded records for one batch. Pure. */
export function roomOf({ maxBytes, ratio }: Fit): number {
  const likely = Math.min(ENOUGH_BYTES, Math.floor((maxBytes * SPARE) / ratio))
  return Math.max(maxBytes, likely) - BATCH_HEAD_BYTES
}

/** After a batch was compressed. Pure. */
export const observed = (fit: Fit, packedBytes: number, plainBytes: number): Fit => ({
  ...fit,
  // Never more than a byte for a byte: what does not shrink is sent as it is.
  ratio: Math.min(1, Math.max(packedBytes / Math.max(1, plainBytes), Number.EPSILON)),
})
