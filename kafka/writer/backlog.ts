import { append, type EncodedRecords, noRecords } from '../record-batch.ts'
import { type Job } from './job.ts'
import { type WriterRecord } from './record.ts'

/** Consecutive records of one job for one partition. */
export type Piece<Each extends WriterRecord = WriterRecord> = { job: Job<Each>; records: readonly Each[] }

/**
 * What waits for one partition, in the order in which it was handed over. After a batch was found too large its
 * records go in smaller ones: at most `maxRecords` in each until `narrowed` records have gone.
 */
export type Backlog = {
  readonly pieces: readonly Piece[]
  /** How many records of the first piece are gone already. */
  readonly skipped: number
  readonly maxRecords: number
  readonly narrowed: number
}

export const EMPTY_BACKLOG: Backlog = {
  pieces: [],
  skipped: 0,
  maxRecords: Number.POSITIVE_INFINITY,
  narrowed: 0,
}

export const isEmpty = ({ pieces }: Backlog): boolean => pieces.length === 0

/** With a piece behind the others. Pure. */
export const joined = (backlog: Backlog, piece: Piece): Backlog => ({
  ...backlog,
  pieces: [...backlog.pieces, piece],
})

/** Without the jobs that have failed. Pure. */
export function withoutSettled(backlog: Backlog): Backlog {
  const first = backlog.pieces[0]
  if (first === undefined) return backlog
  const skipped = first.job.isSettled() ? 0 : backlog.skipped
  return { ...backlog, skipped, pieces: backlog.pieces.filter(({ job }) => !job.isSettled()) }
}

/** Records that were taken to go in one batch. */
export type Taken = { pieces: readonly Piece[]; records: EncodedRecords }

/** Beside its text, what a record takes at most when it has no headers: lengths, deltas, attributes. */
const RECORD_BYTES = 32

/**
 * How much a batch of up to `maxBytes` would take from the front, about: each character of text counts as a
 * byte, and headers not. At least the first record. Pure.
 */
export function waitingBytes({ pieces, skipped }: Backlog, maxBytes: number): number {
  let bytes = 0
  let start = skipped
  for (const { records } of pieces) {
    for (let index = start; index < records.length; index++) {
      const { key, value } = records[index] as WriterRecord
      bytes += (key?.length ?? 0) + (value?.length ?? 0) + RECORD_BYTES
      if (bytes >= maxBytes) return bytes
    }
    start = 0
  }
  return bytes
}

/** Takes records from the front, as many as `maxBytes` hold when they are encoded, but at least one. */
export function take(backlog: Backlog, maxBytes: number, nowMs: number): { taken: Taken; left: Backlog } {
  const encoded = noRecords(waitingBytes(backlog, maxBytes))
  const pieces: Piece[] = []
  let index = 0
  let skipped = backlog.skipped
  let isFull = false
  while (!isFull && index < backlog.pieces.length) {
    const { job, records } = backlog.pieces[index] as Piece
    const start = skipped
    while (skipped < records.length) {
      const record = records[skipped] as WriterRecord
      isFull =
        encoded.count >= backlog.maxRecords || !append(encoded, record, record.timestampMs ?? nowMs, maxBytes)
      if (isFull) break
      skipped++
    }
    if (skipped > start) pieces.push({ job, records: records.slice(start, skipped) })
    if (isFull) break
    index++
    skipped = 0
  }
  const narrowed = Math.max(0, backlog.narrowed - encoded.count)
  const maxRecords = narrowed > 0 ? backlog.maxRecords : Number.POSITIVE_INFINITY
  return {
    taken: { pieces, records: encoded },
    left: { pieces: backlog.pieces.slice(index), skipped, narrowed, maxRecords },
  }
}

/** Puts records back in front that together are too large: they go in two halves. Pure. */
export function halved(
  { pieces, skipped, narrowed }: Backlog,
  taken: { pieces: readonly Piece[]; count: number },
): Backlog {
  const { count } = taken
  return {
    ...putBack({ pieces, skipped }, taken.pieces),
    maxRecords: Math.ceil(count / 2),
    narrowed: narrowed + count,
  }
}

function putBack({ pieces, skipped }: Pick<Backlog, 'pieces' | 'skipped'>, taken: readonly Piece[]) {
  const [first, ...others] = pieces
  const rest = first === undefined ? [] : [{ ...first, records: first.records.slice(skipped) }, ...others]
  return { pieces: [...taken, ...rest], skipped: 0 }
}

/** Puts a record in front in place of one that was too large. Pure. */
export const replaced = (backlog: Backlog, piece: Piece): Backlog => ({
  ...backlog,
  ...putBack(backlog, [piece]),
})
