import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type FetchedRecord } from '../../kafka/aborted.ts'
import { type BatchConstructor, fasterBatch } from '../../kafka/faster-batch.ts'
import { ORIGINALS } from '../../kafka/faster-kafkajs.ts'

const Original = ORIGINALS.batch as BatchConstructor
const Faster = fasterBatch(Original)

/** What kafkajs asks a batch. */
const QUESTIONS = [
  ...['isEmpty', 'isEmptyIncludingFiltered', 'isEmptyDueToFiltering', 'isEmptyControlRecord'],
  ...['isEmptyDueToLogCompactedMessages', 'firstOffset', 'lastOffset', 'offsetLag', 'offsetLagLow'],
] as const
const answers = (batch: object) =>
  QUESTIONS.map((question) => (batch as Record<string, () => unknown>)[question]?.call(batch))

const record = fc.record({
  step: fc.integer({ min: 1, max: 3 }),
  isControlRecord: fc.boolean(),
  value: fc.nat(),
})
/** Records in ascending order, as a partition has them, with gaps as compaction leaves them. */
const records = fc.tuple(fc.nat({ max: 20 }), fc.array(record, { maxLength: 8 })).map(([first, list]) => {
  let offset = first
  return list.map(({ step, isControlRecord, value }): FetchedRecord & { value: number } => {
    offset += step
    const batchContext = { producerId: '-1', inTransaction: false }
    return { offset: String(offset), isControlRecord, key: null, batchContext, value }
  })
})

test('a batch is the same as kafkajs’s, wherever the fetch begins', () => {
  expect(Faster).not.toBe(Original)
  fc.assert(
    fc.property(records, fc.nat({ max: 50 }), fc.boolean(), (messages, fetchedOffset, isTransactional) => {
      const data = {
        messages,
        partition: 2,
        highWatermark: '60',
        ...(isTransactional ? { abortedTransactions: [] } : {}),
      }
      const ours = new Faster('t', String(fetchedOffset), data)
      const theirs = new Original('t', String(fetchedOffset), data)
      expect(Object.entries(ours)).toEqual(expect.arrayContaining(Object.entries(theirs)))
      expect(answers(ours)).toEqual(answers(theirs))
      expect(answers(ours)).not.toContain(undefined)
      expect(ours).toBeInstanceOf(Original)
    }),
    { numRuns: 500 },
  )
})
