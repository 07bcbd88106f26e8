import { type Refused, type Writer, type WriterRecord } from '../kafka/writer/writer.ts'

/** Collects records and writes them to Kafka in batches, one batch under way at a time. */
export type Sink<Each extends WriterRecord = WriterRecord> = {
  /**
   * Adds a record that takes about so many bytes. Resolves at once unless a batch is full, or old, and the one
   * before it is not through.
   */
  add: (record: Each, sizeBytes: number) => Promise<void> | undefined
  /** Resolves when everything added so far is acknowledged by Kafka. */
  flush: () => Promise<void>
  /** Hands over, once, the records that Kafka does not take since each of them alone is too large. */
  refused: () => readonly Refused<Each>[]
}

/**
 * A sink over a writer. A batch is sent when it holds `maxBytes`, or when its oldest record has waited
 * `lingerMs`. Errors of Kafka reject the next `add` or `flush`.
 */
export function createSink<Each extends WriterRecord>(
  writer: Pick<Writer, 'write'>,
  maxBytes: number,
  lingerMs: number,
  now: () => number = Date.now,
): Sink<Each> {
  let batch: Each[] = []
  let sizeBytes = 0
  let oldestMs = 0
  let underWay: Promise<void> = Promise.resolve()
  let refused: Refused<Each>[] = []

  const write = async (records: readonly Each[]): Promise<void> => {
    const written = await writer.write(records)
    refused.push(...written.refused)
  }

  const send = async (): Promise<void> => {
    await underWay
    if (batch.length === 0) return
    const records = batch
    batch = []
    sizeBytes = 0
    underWay = write(records)
    // Its error is thrown by the next `await underWay`; until then it must not count as unhandled.
    underWay.catch(() => undefined)
  }

  return {
    add(record, recordBytes) {
      if (batch.length === 0) oldestMs = now()
      batch.push(record)
      sizeBytes += recordBytes
      return sizeBytes >= maxBytes || now() - oldestMs >= lingerMs ? send() : undefined
    },
    async flush() {
      await send()
      await underWay
    },
    refused() {
      const taken = refused
      if (taken.length > 0) refused = []
      return taken
    },
  }
}
