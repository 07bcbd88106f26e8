import { type Deferred, deferred } from '../../service/deferred.ts'
import { type Refused, type Stored, type WriterRecord, type Written } from './record.ts'

/** One call of `write`: settled when each of its records is, or with the first error. */
export type Job<Each extends WriterRecord = WriterRecord> = {
  readonly promise: Promise<Written<Each>>
  readonly isSettled: () => boolean
  /** So many records are in Kafka from there on. */
  readonly stored: (stored: Stored) => void
  refused(refused: Refused<Each>): void
  readonly failed: (error: unknown) => void
}

export function createJob<Each extends WriterRecord>(recordCount: number): Job<Each> {
  const outcome: Deferred<Written<Each>> = deferred()
  const written: { stored: Stored[]; refused: Refused<Each>[] } = { stored: [], refused: [] }
  let left = recordCount
  let isSettled = false

  const settledSome = (count: number) => {
    left -= count
    if (left > 0 || isSettled) return
    isSettled = true
    outcome.resolve(written)
  }
  return {
    promise: outcome.promise,
    isSettled: () => isSettled,
    stored(stored) {
      written.stored.push(stored)
      settledSome(stored.count)
    },
    refused(refused) {
      written.refused.push(refused)
      settledSome(1)
    },
    failed(error) {
      isSettled = true
      outcome.reject(error)
    },
  }
}
