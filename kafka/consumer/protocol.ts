import { Encoder } from '../kafkajs.ts'
import { byTopic, type TopicPartition } from './partitions.ts'
import { array, bytes, int16, int32, type Reader, readerOf, text } from './reader.ts'

/** What a member tells the leader of its group about itself. */
export type Subscription = {
  topics: readonly string[]
  owned: readonly TopicPartition[]
  /** The generation in which it came to own them; -1 for none. */
  generation: number
}

/**
 * The ways to assign partitions that a member offers, by the names that the members of a group have to share; the
 * group uses the first that all know. Java's `cooperative-sticky` lets members keep what stays theirs. The others are
 * Vigie's before it had a consumer of its own, and those of promtail.
 */
export const COOPERATIVE = 'cooperative-sticky'
const EAGER = ['RoundRobinAssigner', 'roundrobin', 'range', 'sticky'] as const
export const PROTOCOLS: readonly string[] = [COOPERATIVE, ...EAGER]

/** Versions of ConsumerProtocolSubscription: 1 added the owned partitions, 2 their generation. */
const [PLAIN_VERSION, GENERATION_VERSION] = [0, 2]
const NO_BYTES = Buffer.alloc(0)

/** The metadata of one protocol. What is not cooperative gets the oldest form: promtail refuses bytes behind it. */
export function encodeSubscription(protocol: string, { topics, owned, generation }: Subscription): Buffer {
  const encoder = new Encoder()
  if (protocol !== COOPERATIVE)
    return encoder
      .writeInt16(PLAIN_VERSION)
      .writeArray([...topics])
      .writeBytes(NO_BYTES).buffer
  return encoder
    .writeInt16(GENERATION_VERSION)
    .writeArray([...topics])
    .writeBytes(NO_BYTES)
    .writeArray(encodedTopics(owned))
    .writeInt32(generation).buffer
}

const encodedTopics = (partitions: readonly TopicPartition[]) =>
  [...byTopic(partitions)].map(([topic, own]) =>
    new Encoder().writeString(topic).writeArray(own.map(({ partition }) => partition)),
  )

export const encodeAssignment = (partitions: readonly TopicPartition[]): Buffer =>
  new Encoder().writeInt16(PLAIN_VERSION).writeArray(encodedTopics(partitions)).writeBytes(NO_BYTES).buffer

const partitionsOf = (reader: Reader): TopicPartition[] =>
  array(reader, () => {
    const topic = text(reader)
    return array(reader, () => ({ topic, partition: int32(reader) }))
  }).flat()

/** Reads what a member told, whoever wrote it. Pure. Throws RangeError for bytes that end too early. */
export function decodeSubscription(metadata: Buffer): Subscription {
  const reader = readerOf(metadata)
  const version = int16(reader)
  const topics = array(reader, text)
  bytes(reader) // What an assignor of another client keeps for itself.
  const owned = version >= 1 ? partitionsOf(reader) : []
  const generation = version >= GENERATION_VERSION ? int32(reader) : -1
  return { topics, owned, generation }
}

/** Reads what a leader assigned; a leader may assign nothing by no bytes at all. Pure. */
export function decodeAssignment(assignment: Buffer): TopicPartition[] {
  if (assignment.length === 0) return []
  const reader = readerOf(assignment)
  int16(reader) // The version.
  return partitionsOf(reader)
}
