import {
  type Backlog,
  EMPTY_BACKLOG,
  halved,
  isEmpty,
  type Piece,
  replaced,
  take,
  waitingBytes,
  withoutSettled,
} from './backlog.ts'
import { cutTo, sizeAlone } from './cut.ts'
import { type Batch, numbered, pack } from './pack.ts'
import { type PartitionAnswer } from './produce.ts'
import { type WriterRecord } from './record.ts'
import { advanced, type Sequence, UNNUMBERED } from './sequence.ts'
import { type Fit, fitOf, observed, refusedFit, roomOf } from './size.ts'

/** One partition as a writer sees it: what waits, what is on its way, and how it is numbered. */
export type Outlet = {
  readonly topic: string
  readonly partition: number
  backlog: Backlog
  sequence: Sequence
  fit: Fit
  /** The batch to send, or to send again; nothing follows it before Kafka has it. */
  batch: Batch | undefined
  /** What is being compressed to become that batch. */
  packing: readonly Piece[]
  /** `idle`: it may take part in a request; `sending`: it does; `in trouble`: it waits for a leader or a number. */
  state: 'idle' | 'sending' | 'in trouble'
  trouble: Trouble | undefined
  /** The number of the request that it took part in last. */
  turn: number
}

/** Since when a batch has failed, how often, and why it did last. */
export type Trouble = { sinceMs: number; attempts: number; error: unknown }

export const createOutlet = (
  topic: string,
  partition: number,
  sequence: Sequence,
  maxBytes: number,
): Outlet => ({
  ...{ topic, partition, sequence, backlog: EMPTY_BACKLOG, fit: fitOf(maxBytes) },
  ...{ batch: undefined, packing: [], state: 'idle', trouble: undefined, turn: 0 },
})

export const hasWork = ({ batch, packing, backlog }: Outlet): boolean =>
  batch !== undefined || packing.length > 0 || !isEmpty(backlog)

/** What the next batch takes of a request, uncompressed, about. */
export const nextBytes = ({ batch, backlog, fit }: Outlet): number =>
  batch?.plainBytes ?? waitingBytes(backlog, roomOf(fit))

/**
 * Has the batch that is to be sent next made and numbered; undefined when nothing is left. A record that is too
 * large alone is cut or refused here, before Kafka is asked.
 */
export async function nextBatch(outlet: Outlet, nowMs: number): Promise<Batch | undefined> {
  outlet.backlog = withoutSettled(outlet.backlog)
  while (hasWork(outlet)) {
    outlet.batch ??= await packNext(outlet, nowMs)
    const isTooLarge = outlet.batch.encoded === undefined && outlet.batch.sizeBytes > outlet.fit.maxBytes
    if (!isTooLarge) break
    tooLarge(outlet, outlet.batch, outlet.fit.maxBytes)
  }
  if (outlet.batch === undefined || outlet.sequence.kind === 'unnumbered') return undefined
  outlet.batch = numbered(outlet.batch, outlet.sequence)
  return outlet.batch
}

async function packNext(outlet: Outlet, nowMs: number): Promise<Batch> {
  const { taken, left } = take(outlet.backlog, roomOf(outlet.fit), nowMs)
  outlet.backlog = left
  outlet.packing = taken.pieces
  const batch = await pack(taken)
  outlet.packing = []
  outlet.fit = observed(outlet.fit, batch.sizeBytes, batch.plainBytes)
  return batch
}

/** Kafka has the batch. */
export function stored(outlet: Outlet, { pieces, count }: Batch, answer: PartitionAnswer): void {
  const { topic, partition } = outlet
  let before = 0
  for (const { job, records } of pieces) {
    job.stored({
      ...{ topic, partition, count: records.length },
      offset: answer.baseOffset < 0n ? undefined : answer.baseOffset + BigInt(before),
      appendedMs: answer.logAppendTimeMs < 0 ? undefined : answer.logAppendTimeMs,
    })
    before += records.length
  }
  outlet.sequence = advanced(outlet.sequence, count)
  outlet.batch = undefined
  outlet.trouble = undefined
}

/**
 * Kafka took the batch for too large, whatever the topic's limit says: a broker that compresses anew by another
 * codec measures what that makes of it. It goes in halves; a single record has to become smaller.
 */
export function tooLargeForKafka(outlet: Outlet, batch: Batch): void {
  const { maxBytes } = outlet.fit
  if (batch.count > 1) outlet.fit = refusedFit(outlet.fit, batch.sizeBytes)
  tooLarge(outlet, batch, batch.plainBytes <= maxBytes ? Math.floor(batch.plainBytes / 2) : maxBytes)
}

function tooLarge(outlet: Outlet, batch: Batch, maxBytes: number): void {
  outlet.batch = undefined
  if (batch.count > 1) {
    outlet.backlog = halved(outlet.backlog, batch)
    return
  }
  const { job, records } = batch.pieces[0] as Batch['pieces'][number]
  const record = records[0] as WriterRecord
  const smaller = record.ifTooLarge === 'cut' ? shorter(record, maxBytes) : undefined
  if (smaller === undefined)
    job.refused({ record, sizeBytes: batch.sizeBytes, maxBytes: outlet.fit.maxBytes })
  else outlet.backlog = replaced(outlet.backlog, { job, records: [smaller] })
}

/** What was cut and is not smaller for it would be cut for ever. */
function shorter(record: WriterRecord, maxBytes: number): WriterRecord | undefined {
  const cut = cutTo(record, maxBytes)
  return cut !== undefined && sizeAlone(cut) < sizeAlone(record) ? cut : undefined
}

/** The same records under a new number. Kafka is known not to have them under the old one. */
export function unnumbered(outlet: Outlet): void {
  outlet.sequence = UNNUMBERED
  if (outlet.batch !== undefined) outlet.batch = { ...outlet.batch, encoded: undefined }
}

/**
 * The jobs that have records here are told that they failed, and nothing of theirs is sent any more. Kafka may
 * have the batch or may not: what comes next needs another producer id, or it could be taken for a repetition of that
 * batch and be dropped.
 */
export function abandon(outlet: Outlet, error: unknown): void {
  for (const { job } of [...(outlet.batch?.pieces ?? []), ...outlet.packing, ...outlet.backlog.pieces])
    job.failed(error)
  outlet.backlog = withoutSettled(outlet.backlog)
  outlet.batch = undefined
  outlet.packing = []
  outlet.sequence = UNNUMBERED
  outlet.trouble = undefined
}
