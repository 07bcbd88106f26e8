import { type DecodedRecord } from '../decoded-record.ts'
import { type Gap } from './cursor.ts'
import { type TopicPartition } from './partitions.ts'

/** An owned partition, and where the group left it. */
export type Beginning = TopicPartition & {
  generation: number
  /** The offset of the first record to come. */
  offset: number
  /** What was committed beside it; null for nothing. */
  metadata: string | null
}

/** Consecutive records of one partition. They begin where the last ones ended, or at the offset of a gap. */
export type Fetched = TopicPartition & {
  generation: number
  /** Without tombstones' values, but with them: records in the order of their offsets. */
  records: readonly DecodedRecord[]
  /** Where these begin, and the next ones do: between records there may be gaps, and markers of transactions. */
  firstOffset: number
  nextOffset: number
  /** Where the partition ends. */
  endOffset: number
}

/** Records that cannot be read, for example since their batch is damaged: they are passed over. */
export type Unreadable = TopicPartition & {
  generation: number
  firstOffset: number
  nextOffset: number
  problem: string
}

/** How partitions are given up: `isLost` ones may be somebody else's already; at `deadline` all work must break off. */
export type Revocation = { isLost: boolean; deadline: AbortSignal }

/** What a consumer does with partitions and records. Whatever these throw is a defect, and ends the consumer. */
export type Handler = {
  begin: (beginning: Beginning) => void
  /** Takes records over; resolves when there is room for more of that partition. */
  records: (fetched: Fetched) => Promise<void>
  gap: (gap: Gap) => void
  unreadable: (unreadable: Unreadable) => void
  /** Ends the work on partitions; resolves when nothing is in flight and, unless they are lost, all is committed. */
  end: (partitions: readonly TopicPartition[], revocation: Revocation) => Promise<void>
  /** Told of each generation, with all partitions that are owned in it. */
  joined: (partitions: readonly TopicPartition[]) => void
  /** The group rebalances, and this member gives these up. */
  rebalancing: (givenUp: readonly TopicPartition[]) => void
  /** The group heard from this member at that moment of the clock, or later. */
  heard: (sentMs: number) => void
  /** Why Kafka does not do something that it is asked for; undefined once it does again. */
  trouble: (of: string, reason: string | undefined) => void
}
