import { type RecordParts } from '../record-batch.ts'

/** A record that is to be written. */
export type WriterRecord = RecordParts & {
  topic: string
  /** By the key, and in turn where there is none, when it is absent. */
  partition?: number
  /** Milliseconds since 1970; the moment of writing when it is absent. */
  timestampMs?: number
  /**
   * What becomes of a record that alone is larger than its topic takes: `cut` writes as much of its value as
   * fits, marked by HEADER.cut; `refuse`, which is meant when it is absent, writes nothing of it and says so.
   */
  ifTooLarge?: 'cut' | 'refuse'
}

/** Consecutive records that are in Kafka. */
export type Stored = {
  topic: string
  partition: number
  count: number
  /** Of the first; undefined when Kafka knew that it had them already, but no longer where. */
  offset: bigint | undefined
  /** When Kafka appended them, in ms since 1970, where the topic has that time; otherwise undefined. */
  appendedMs: number | undefined
}

/** A record that was not written, since it alone is larger than its topic takes. */
export type Refused<Each extends WriterRecord = WriterRecord> = {
  record: Each
  /** Of a batch that holds only this record, compressed. */
  sizeBytes: number
  /** What the topic takes. */
  maxBytes: number
}

/** What became of records: all of them are in one of the two. */
export type Written<Each extends WriterRecord = WriterRecord> = {
  stored: readonly Stored[]
  refused: readonly Refused<Each>[]
}
