import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type AbortedTransaction, type FetchedRecord, withoutAborted } from '../../kafka/aborted.ts'
import { ORIGINALS } from '../../kafka/faster-kafkajs.ts'

type Written = FetchedRecord & { aborted: boolean }
const MARKER = { abort: Buffer.from([0, 0, 0, 0]), commit: Buffer.from([0, 0, 0, 1]) }

/** A partition as producers would write it: each step is a record, or the end of a transaction. */
type Step = { producer: number; does: 'write' | 'plain' | 'abort' | 'commit' }
const steps = fc.array(
  fc.record<Step>({
    producer: fc.integer({ min: 1, max: 3 }),
    does: fc.constantFrom('write', 'write', 'plain', 'abort', 'commit'),
  }),
  { maxLength: 40 },
)

function partitionOf(script: readonly Step[]) {
  const records: Written[] = []
  const open = new Map<number, Written[]>()
  const aborted: (AbortedTransaction & { lastOffset: number })[] = []
  const append = (producer: number, more: Partial<Written>) => {
    const record: Written = {
      offset: String(records.length),
      isControlRecord: false,
      key: null,
      batchContext: { producerId: String(producer), inTransaction: true },
      aborted: false,
      ...more,
    }
    records.push(record)
    return record
  }
  for (const { producer, does } of script) {
    if (does === 'plain') append(producer + 10, { batchContext: { producerId: '-1', inTransaction: false } })
    else if (does === 'write') open.set(producer, [...(open.get(producer) ?? []), append(producer, {})])
    else {
      const its = open.get(producer)
      const first = its?.[0]
      if (its === undefined || first === undefined) continue
      open.delete(producer)
      const marker = append(producer, { isControlRecord: true, key: MARKER[does] })
      if (does === 'commit') continue
      for (const record of its) record.aborted = true
      const lastOffset = Number(marker.offset)
      aborted.push({ producerId: String(producer), firstOffset: first.offset, lastOffset })
    }
  }
  // Where a transaction is still open, read-committed fetches end.
  const stable = Math.min(records.length, ...[...open.values()].map(([first]) => Number(first?.offset)))
  return { records: records.slice(0, stable), aborted }
}

describe('records of aborted transactions', () => {
  test('never get through, and all others do, wherever the fetch begins', () => {
    fc.assert(
      fc.property(steps, fc.nat(40), (script, start) => {
        const { records, aborted } = partitionOf(script)
        const from = records.length === 0 ? 0 : start % records.length
        const fetched = records.slice(from)
        // As the broker does: those that reach into the fetch, in the order of their ends.
        const abortedTransactions = aborted.filter(({ lastOffset }) => lastOffset >= from)
        expect(withoutAborted({ messages: fetched, abortedTransactions })).toEqual(
          fetched.filter((record) => !record.aborted),
        )
      }),
    )
  })

  test('kafkajs lets them through when transactions overlap: else this could go', () => {
    const { records, aborted } = partitionOf([
      { producer: 1, does: 'write' },
      { producer: 2, does: 'write' },
      { producer: 2, does: 'abort' },
      { producer: 1, does: 'abort' },
    ])
    const original = ORIGINALS.filterAbortedMessages as typeof withoutAborted
    const fetch = { messages: records, abortedTransactions: aborted }
    expect(original(fetch).some((record) => record.aborted)).toBe(true)
    expect(withoutAborted(fetch).some((record) => record.aborted)).toBe(false)
  })

  test('without any, the fetch stays as it is', () => {
    const { records } = partitionOf([{ producer: 1, does: 'plain' }])
    expect(withoutAborted({ messages: records, abortedTransactions: [] })).toBe(records)
    expect(withoutAborted({ messages: records })).toBe(records)
  })
})
