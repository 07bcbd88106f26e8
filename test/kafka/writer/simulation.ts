import { type Clock } from '../../../kafka/consumer/clock.ts'
import { decodeBatches } from '../../../kafka/consumer/decode-batches.ts'
import { type DecodedRecord } from '../../../kafka/decoded-record.ts'
import { connectionError } from '../../../kafka/kafkajs.ts'
import { type WriterCalls } from '../../../kafka/writer/calls.ts'
import { type PartitionAnswer, type PartitionBatch } from '../../../kafka/writer/produce.ts'
import { type Identity } from '../../../kafka/writer/sequence.ts'
import { createWriter, type WriterRecord } from '../../../kafka/writer/writer.ts'

/** What happens to a request. */
export type Event =
  | 'fine'
  /** It never arrives. */
  | 'request lost'
  /** It is stored, and the connection breaks before the answer. */
  | 'answer lost'
  /** It is stored, but not by all replicas in time. */
  | 'timed out'
  /** The other broker leads all partitions from now on. */
  | 'moved'
  /** Nobody leads them until metadata is asked for twice. */
  | 'leaderless'

const CODE = { unknownTopic: 3, notLeader: 6, timedOut: 7, tooLarge: 10, outOfOrder: 45, unknownProducer: 59 }
const SEQUENCES = 2 ** 31
const REMEMBERED_BATCHES = 5

type Sent = { first: number; last: number; offset: number }
type Log = { batches: Buffer[]; end: number; producers: Map<bigint, Sent[]> }

/** Where the head of a batch has its numbers (DefaultRecordBatch). */
const [PRODUCER_AT, SEQUENCE_AT, COUNT_AT] = [43, 53, 57]

/**
 * Two brokers that keep what is sent to them and number it as Kafka does; each request meets the next event, and
 * then none any more. `limit` is what they take, `told` what they say they take.
 */
export function simulatedKafka(options: {
  topics: Record<string, number>
  events?: readonly Event[]
  limit?: number
  told?: number | undefined
}) {
  const { topics, events = [], limit = 1_048_588 } = options
  const told = 'told' in options ? options.told : limit
  const logs = new Map<string, Log>()
  const requests: (readonly PartitionBatch[])[] = []
  let leader = 1
  let leaderlessFor = 0
  let producers = 0n
  let nextEvent = 0

  const logOf = (topic: string, partition: number): Log => {
    const key = `${topic} ${partition}`
    const log = logs.get(key) ?? { batches: [], end: 0, producers: new Map() }
    logs.set(key, log)
    return log
  }

  const store = ({ topic, partition, batch }: PartitionBatch): PartitionAnswer => {
    const answer = (errorCode: number, offset = -1): PartitionAnswer => ({
      ...{ topic, partition, errorCode, baseOffset: BigInt(offset), logAppendTimeMs: -1 },
    })
    if (batch.length > limit) return answer(CODE.tooLarge)
    if (topics[topic] === undefined) return answer(CODE.unknownTopic)
    const log = logOf(topic, partition)
    const producer = batch.readBigInt64BE(PRODUCER_AT)
    const first = batch.readInt32BE(SEQUENCE_AT)
    const count = batch.readInt32BE(COUNT_AT)
    const last = (first + count - 1) % SEQUENCES
    const sent = log.producers.get(producer) ?? []
    const same = sent.find((each) => each.first === first && each.last === last)
    if (same !== undefined) return answer(0, same.offset)
    const before = sent.at(-1)
    if (before === undefined && first !== 0) return answer(CODE.unknownProducer)
    if (before !== undefined && first !== (before.last + 1) % SEQUENCES) return answer(CODE.outOfOrder)
    const placed = Buffer.from(batch)
    placed.writeBigInt64BE(BigInt(log.end), 0)
    log.batches.push(placed)
    log.producers.set(producer, [...sent, { first, last, offset: log.end }].slice(-REMEMBERED_BATCHES))
    log.end += count
    return answer(0, log.end - count)
  }

  const calls: WriterCalls = {
    async metadata(names) {
      if (leaderlessFor > 0) leaderlessFor--
      const led = leaderlessFor > 0 ? -1 : leader
      const found = names.filter((name) => topics[name] !== undefined)
      return {
        controllerId: 1,
        topics: new Map(
          found.map((name) => {
            const partitions = Array.from({ length: topics[name] ?? 0 }, (_, partition) => ({
              ...{ partition, leader: led },
            }))
            return [name, { errorCode: 0, isInternal: false, partitions }]
          }),
        ),
      }
    },
    maxBatchBytes: async (names) => new Map(told === undefined ? [] : names.map((name) => [name, told])),
    newIdentity: async () => ({ producerId: ++producers, epoch: 0, isTransactional: false }),
    async produce(node, batches) {
      requests.push(batches)
      const event = events[nextEvent++] ?? 'fine'
      if (event === 'request lost') throw connectionError('lost', String(node))
      if (event === 'moved') leader = 3 - leader
      if (event === 'leaderless') leaderlessFor = 2
      if (node !== leader || leaderlessFor > 0)
        return batches.map(({ topic, partition }) => ({
          ...{ topic, partition, errorCode: CODE.notLeader, baseOffset: -1n, logAppendTimeMs: -1 },
        }))
      const answers = batches.map(store)
      if (event === 'answer lost') throw connectionError('lost', String(node))
      return event === 'timed out'
        ? answers.map((answer) => ({ ...answer, errorCode: answer.errorCode || CODE.timedOut }))
        : answers
    },
  }

  return {
    calls,
    requests,
    /** The brokers forget every producer. */
    forget() {
      for (const { producers } of logs.values()) producers.clear()
    },
    /** What a consumer reads of a partition. */
    async read(topic: string, partition: number): Promise<readonly DecodedRecord[]> {
      const { batches } = logOf(topic, partition)
      return (await decodeBatches(Buffer.concat(batches), 0, [])).records
    },
  }
}

/** Time that passes only while somebody waits for it. */
export function simulatedClock(): Clock {
  let nowMs = 0
  return {
    now: () => nowMs,
    pause: async (ms) => {
      nowMs += ms
    },
  }
}

/** The producer id of a writer that has just been opened. */
export const FIRST: Identity = { producerId: 0n, epoch: 0, isTransactional: false }
type Options = Parameters<typeof simulatedKafka>[0]

/** A writer to brokers of its own. */
export function writerTo(options: Options) {
  const kafka = simulatedKafka(options)
  const writer = createWriter(kafka.calls, FIRST, simulatedClock())
  return { ...kafka, writer }
}

export const texts = (records: readonly DecodedRecord[]) => records.map(({ value }) => String(value))

/** Records whose values are 0, 1, 2 … */
export const numbered = (count: number, partition = 0): WriterRecord[] =>
  Array.from({ length: count }, (_, index) => ({ topic: 't', partition, value: String(index) }))

/** Bytes that no codec makes smaller, the same each time. */
export function randomBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = 2463534242 + length
  for (let index = 0; index < length; index++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[index] = state
  }
  return bytes
}
