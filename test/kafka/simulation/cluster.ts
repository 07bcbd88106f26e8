import { type Metadata } from '../../../kafka/cluster/cluster.ts'
import { type FetchRequest } from '../../../kafka/consumer/calls.ts'
import { type FetchedPartition } from '../../../kafka/consumer/decode-fetch.ts'
import { keyOf, type TopicPartition } from '../../../kafka/consumer/partitions.ts'
import { crc32c, errorOfCode } from '../../../kafka/kafkajs.ts'
import { append, encodeBatch, noRecords, TRANSACTIONAL } from '../../../kafka/record-batch.ts'
import { type Random, type Time } from './clock.ts'
import { type Network, type Reply } from './network.ts'

type Batch = { firstOffset: number; nextOffset: number; bytes: Buffer }
type Partition = TopicPartition & { leader: number; batches: Batch[]; endOffset: number }

/** The partitions of a topic: their logs, and the brokers that lead them. */
export type Cluster = {
  partitions: () => readonly TopicPartition[]
  endOffset: (of: TopicPartition) => number
  /** Offsets that hold a record, not a transaction's marker. */
  offsets: (of: TopicPartition) => readonly number[]
  produce: (of: TopicPartition, count: number) => void
  addPartition: () => void
  moveLeader: (of: TopicPartition) => void
  /** What a broker led that went down gets other leaders. */
  elect: () => void
  metadata: () => Metadata
  fetch: (node: number, request: FetchRequest, reply: Reply<readonly FetchedPartition[]>) => void
  listOffset: (node: number, of: TopicPartition, which: 'earliest' | 'latest', reply: Reply<number>) => void
}

const [NONE, OUT_OF_RANGE, NOT_LEADER] = [0, 1, 6]
const CONTROL = 0x20
/** A committed transaction's marker: version 0, type 1. */
const MARKER = { key: Buffer.from([0, 0, 0, 1]), value: Buffer.alloc(6) }
const METADATA_LAG_MS = 300
const NO_BYTES = Buffer.alloc(0)

function batchOf(firstOffset: number, values: readonly string[]): Batch {
  const isMarker = values.length === 0
  const records = noRecords(64)
  for (const parts of isMarker ? [MARKER] : values.map((value) => ({ value })))
    append(records, parts, 0, Number.POSITIVE_INFINITY)
  const head = {
    ...{ attributes: isMarker ? CONTROL | TRANSACTIONAL : 0, count: records.count },
    ...{ firstTimestampMs: 0, maxTimestampMs: 0 },
    ...{ producerId: isMarker ? 1n : -1n, producerEpoch: 0, firstSequence: 0 },
  }
  const bytes = encodeBatch(head, records.bytes.subarray(0, records.length), crc32c)
  bytes.writeBigInt64BE(BigInt(firstOffset), 0)
  return { firstOffset, nextOffset: firstOffset + records.count, bytes }
}

export function createCluster(time: Time, random: Random, network: Network, topic: string): Cluster {
  const all: Partition[] = []
  const recordOffsets = new Map<string, number[]>()
  /** Fetches that wait for records. */
  const waiting = new Set<() => void>()
  const upNodes = () => network.nodes.filter(network.isUp)
  const find = ({ partition }: TopicPartition) => all[partition] as Partition
  const now = (): Metadata => {
    const partitions = all.map(({ partition, leader }) => ({ partition, leader }))
    return { controllerId: 1, topics: new Map([[topic, { errorCode: 0, isInternal: false, partitions }]]) }
  }
  let lagging = now()
  const changed = (): void => {
    const then = now()
    time.after(METADATA_LAG_MS, () => {
      lagging = then
    })
    for (const look of [...waiting]) look()
  }

  const partOf = (
    node: number,
    asked: TopicPartition & { offset: number },
    maxBytes: number,
  ): FetchedPartition => {
    const { topic, partition, leader, endOffset, batches } = find(asked)
    const answer = { topic, partition, endOffset, aborted: [], records: NO_BYTES }
    if (leader !== node) return { ...answer, errorCode: NOT_LEADER }
    if (asked.offset > endOffset) return { ...answer, errorCode: OUT_OF_RANGE }
    const found: Buffer[] = []
    let size = 0
    for (const { nextOffset, bytes } of batches) {
      if (nextOffset <= asked.offset) continue
      found.push(size > 0 && size + bytes.length > maxBytes ? bytes.subarray(0, maxBytes - size) : bytes)
      size += bytes.length
      if (size >= maxBytes) break
    }
    return { ...answer, errorCode: NONE, records: Buffer.concat(found) }
  }

  return {
    partitions: () => all.map(({ topic, partition }) => ({ topic, partition })),
    endOffset: (of) => find(of).endOffset,
    offsets: (of) => recordOffsets.get(keyOf(of)) ?? [],
    produce(of, count) {
      const at = find(of)
      const values = Array.from({ length: count }, (_, index) => `${keyOf(of)} ${at.endOffset + index}`)
      for (let index = 0; index < count; index++) recordOffsets.get(keyOf(of))?.push(at.endOffset + index)
      const batch = batchOf(at.endOffset, values)
      at.batches.push(batch)
      at.endOffset = batch.nextOffset
      for (const look of [...waiting]) look()
    },
    addPartition() {
      const partition = all.length
      all.push({ topic, partition, leader: random.pick(upNodes()), batches: [], endOffset: 0 })
      recordOffsets.set(keyOf({ topic, partition }), [])
      changed()
    },
    moveLeader(of) {
      find(of).leader = random.pick(upNodes())
      changed()
    },
    elect() {
      for (const each of all) if (!network.isUp(each.leader)) each.leader = random.pick(upNodes())
      changed()
    },
    metadata: () => (random.chance(0.3) && lagging.topics.get(topic)?.partitions.length ? lagging : now()),
    fetch(node, { partitions, minBytes, maxWaitMs, maxBytesPerPartition }, { answer }) {
      const look = (): boolean => {
        const parts = partitions.map((each) => partOf(node, each, maxBytesPerPartition))
        const bytes = parts.reduce((total, { records }) => total + records.length, 0)
        if (bytes < minBytes && parts.every(({ errorCode }) => errorCode === NONE)) return false
        waiting.delete(look)
        cancel()
        answer(parts)
        return true
      }
      const cancel = time.after(maxWaitMs, () => {
        waiting.delete(look)
        answer(partitions.map((each) => partOf(node, each, maxBytesPerPartition)))
      })
      if (!look()) waiting.add(look)
    },
    listOffset(node, of, which, { answer, refuse }) {
      const { leader, endOffset } = find(of)
      if (leader !== node) return refuse(errorOfCode(NOT_LEADER))
      answer(which === 'earliest' ? 0 : endOffset)
    },
  }
}
