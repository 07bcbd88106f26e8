import { createRequire } from 'node:module'
import { withoutAborted } from './aborted.ts'
import { batchDecoder } from './decode-batch.ts'
import { type BatchConstructor, fasterBatch } from './faster-batch.ts'
import { type QueueConstructor, quietQueue } from './quiet-queue.ts'
import { type BatchHead, encodeBatch, encodeRecords, type RecordParts } from './record-batch.ts'

/**
 * Replaces functions of kafkajs 2.2.4 (pinned; its last release) that take most of the time of
 * producing: grouping messages by partition copies the whole group for each message, and each record is
 * encoded into a buffer of its own that is allocated, cleared, grown and copied several times; and of
 * consuming, see decode-batch.ts and faster-batch.ts; or that cost something all the time, see quiet-queue.ts.
 * What the replacements return is the same, which the tests hold against the originals. Two more are replaced
 * because they are wrong: see aborted.ts and `listOffsets`.
 *
 * This module must be imported before kafkajs and any part of it: what those have loaded already stays as it was.
 */

const require = createRequire(import.meta.url)
const crc32c = require('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number
const { lookupCodec, lookupCodecByAttributes } = require('kafkajs/src/protocol/message/compression') as {
  lookupCodec: (compression: number) => { compress: (encoder: { buffer: Buffer }) => Promise<Buffer> }
  lookupCodecByAttributes: Parameters<typeof batchDecoder>[0]
}
const { KafkaJSPartialMessageError } = require('kafkajs/src/errors') as {
  KafkaJSPartialMessageError: new (problem: string) => Error
}

/** Kafka's attribute bits (DefaultRecordBatch): the codec, and whether a transaction wrote the batch. */
const CODEC_MASK = 0x07
const TRANSACTIONAL = 0x10

type BatchParts = Partial<Omit<BatchHead, 'attributes'>> & {
  compression?: number
  transactional?: boolean
  records: RecordParts[]
}

/** A batch in the shape of kafkajs's Encoder. */
type Encoded = { buf: Buffer; buffer: Buffer; size: () => number }

/** kafkajs's RecordBatch, but of records that are encoded here and not before. */
export async function recordBatch(parts: BatchParts): Promise<Encoded> {
  const { compression = 0, transactional = false, records } = parts
  const codec = compression & CODEC_MASK
  const plain = encodeRecords(records)
  const packed = codec === 0 ? plain : await lookupCodec(compression).compress({ buffer: plain })
  const head: BatchHead = {
    firstOffset: parts.firstOffset ?? 0,
    partitionLeaderEpoch: parts.partitionLeaderEpoch ?? 0,
    attributes: codec | (transactional ? TRANSACTIONAL : 0),
    lastOffsetDelta: parts.lastOffsetDelta ?? 0,
    firstTimestamp: parts.firstTimestamp ?? Date.now(),
    maxTimestamp: parts.maxTimestamp ?? Date.now(),
    producerId: parts.producerId ?? -1,
    producerEpoch: parts.producerEpoch ?? 0,
    firstSequence: Number(parts.firstSequence ?? 0),
  }
  const buffer = encodeBatch(head, records.length, packed, crc32c)
  return { buf: buffer, buffer, size: () => buffer.length }
}

/** kafkajs's decoder of a batch that was fetched. */
export const decodeBatch = batchDecoder(
  lookupCodecByAttributes,
  (problem) => new KafkaJSPartialMessageError(problem),
)

type Grouping<Message> = {
  topic: string
  partitionMetadata: readonly unknown[]
  messages: readonly Message[]
  partitioner: (choice: { topic: string; partitionMetadata: readonly unknown[]; message: Message }) => number
}

/** Messages by partition, in their order. */
export function groupByPartition<Message>(grouping: Grouping<Message>): Record<number, Message[]> {
  const { topic, partitionMetadata, messages, partitioner } = grouping
  const groups: Record<number, Message[]> = {}
  if (partitionMetadata.length === 0) return groups
  for (const message of messages) {
    const partition = partitioner({ topic, partitionMetadata, message })
    const group = groups[partition]
    if (group === undefined) groups[partition] = [message]
    else group.push(message)
  }
  return groups
}

/** Puts something in the place of a module of kafkajs and returns what was there. */
function replace(module: string, replacementOf: (original: object) => unknown): unknown {
  const original: object = require(module)
  const loaded = require.cache[require.resolve(module)]
  if (loaded !== undefined) loaded.exports = replacementOf(original)
  return original
}

type ListOffsets = (request: { isolationLevel?: number }) => unknown
type Versions<Request> = { protocol: (choice: { version: number }) => Request }
const READ_UNCOMMITTED = 0

/**
 * kafkajs's ListOffsets, but that who names no isolation level, as its admin client, is told where a
 * partition ends. kafkajs asks for the last stable offset then: while a transaction is open, whatever
 * others committed after its beginning would not count. Its consumers name their level.
 */
const listOffsets = ({ protocol }: Versions<ListOffsets>): Versions<ListOffsets> => ({
  protocol: (choice) => (request) =>
    protocol(choice)({ ...request, isolationLevel: request.isolationLevel ?? READ_UNCOMMITTED }),
})

/** What was replaced, for the tests to compare with. */
export const ORIGINALS = {
  filterAbortedMessages: replace('kafkajs/src/consumer/filterAbortedMessages', () => withoutAborted),
  listOffsets: replace('kafkajs/src/protocol/requests/listOffsets', (original) => ({
    ...original,
    ...listOffsets(original as Versions<ListOffsets>),
  })),
  batch: replace('kafkajs/src/consumer/batch', (original) => fasterBatch(original as BatchConstructor)),
  decodeBatch: replace('kafkajs/src/protocol/recordBatch/v0/decoder', () => decodeBatch),
  requestQueue: replace('kafkajs/src/network/requestQueue', (original) =>
    quietQueue(original as QueueConstructor),
  ),
  groupByPartition: replace('kafkajs/src/producer/groupMessagesPerPartition', () => groupByPartition),
  /** Records stay as they are until their batch is encoded. */
  encodeRecord: replace('kafkajs/src/protocol/recordBatch/record/v0', () => (parts: RecordParts) => parts),
  recordBatch: replace('kafkajs/src/protocol/recordBatch/v0', (original) => ({
    ...original,
    RecordBatch: recordBatch,
  })),
}
