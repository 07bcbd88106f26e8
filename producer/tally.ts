import { type LogLine, type RejectReason } from '../log/line.ts'

/** A FAILED log: when its run ended and when it was sent, in ms since 1970. */
export type Failure = { source: string; endMs: number; sentMs: number }

/** What a replay did, as it goes and at its end. */
export type Tally = {
  phase: 'reading' | 'sending'
  read: number
  sent: number
  successes: number
  rejected: number
  rejectedBy: Partial<Record<RejectReason, number>>
  /** Ends of the earliest and latest log sent, in ms since 1970; NaN before the first. */
  firstMs: number
  lastMs: number
  /** Of the FAILED logs sent, the one that ended last. */
  lastFailure?: Failure
}

export const newTally = (): Tally => ({
  phase: 'sending',
  read: 0,
  sent: 0,
  successes: 0,
  rejected: 0,
  rejectedBy: {},
  firstMs: Number.NaN,
  lastMs: Number.NaN,
})

/** A valid log, that ended then. */
export function count(tally: Tally, line: LogLine, endMs: number): void {
  tally.sent++
  if (line.etat === 'SUCCESS') tally.successes++
  if (!(endMs >= tally.firstMs)) tally.firstMs = endMs
  if (!(endMs <= tally.lastMs)) tally.lastMs = endMs
}

/** The same log was not taken after all. Where the logs begin and end is left as it was. */
export function uncount(tally: Tally, isSuccess: boolean): void {
  tally.sent--
  if (isSuccess) tally.successes--
}

export function countRejected(tally: Tally, reason: RejectReason): void {
  tally.rejected++
  tally.rejectedBy[reason] = (tally.rejectedBy[reason] ?? 0) + 1
}
