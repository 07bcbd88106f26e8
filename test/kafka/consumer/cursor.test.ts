import { describe, expect, test } from '@jest/globals'
import { type Cursor, dueAt, gapAt, isCurrent, newCursor, problemOf } from '../../../kafka/consumer/cursor.ts'
import { keyOf } from '../../../kafka/consumer/partitions.ts'

const at = { topic: 't', partition: 1 }
const cursor: Cursor = newCursor(at, 3, 40)
const cursors = (now: Cursor) => new Map([[keyOf(now), now]])

test('what is busy, or was put off, is not fetched', () => {
  const [busy, later] = [
    { ...cursor, isBusy: true },
    { ...cursor, notBeforeMs: 100 },
  ]
  expect(dueAt([busy, later, cursor], 99)).toEqual([cursor])
  expect(dueAt([busy, later, cursor], 100)).toEqual([later, cursor])
})

test('a partition that is begun is fetched at once, from where it begins', () => {
  expect(dueAt([cursor], 0)).toEqual([cursor])
  expect(cursor).toMatchObject({ ...at, generation: 3, offset: 40, unreadable: 0 })
  // An end that was never heard of is no end: the first answer, without a record, counts as one.
  expect(cursor.endOffset).toBeLessThan(0)
})

test('an answer counts only for the question that would be asked now', () => {
  expect(isCurrent(cursors(cursor), cursor)).toBe(true)
  expect(isCurrent(cursors({ ...cursor, notBeforeMs: 7, endOffset: 9 }), cursor)).toBe(true)
  expect(isCurrent(new Map(), cursor)).toBe(false)
  for (const other of [{ generation: 4 }, { offset: 41 }, { offset: 39 }, { isBusy: true }])
    expect(isCurrent(cursors({ ...cursor, ...other }), cursor)).toBe(false)
})

describe('an offset out of the log', () => {
  test('before its start goes on there', () => {
    const from = { ...at, generation: 3, from: 40 }
    expect(gapAt(cursor, 41, 90)).toEqual({ ...from, to: 41, cause: 'retention' })
    expect(gapAt(cursor, 50, 50)).toEqual({ ...from, to: 50, cause: 'retention' })
  })
  test('behind its end reads the log anew', () =>
    expect(gapAt(cursor, 5, 39)).toEqual({ ...at, generation: 3, from: 40, to: 5, cause: 'truncated' }))
  test.each([
    [0, 40],
    [40, 40],
    [40, 90],
  ])('is within again at %i to %i', (earliest, latest) =>
    expect(gapAt(cursor, earliest, latest)).toBeUndefined(),
  )
})

test.each([
  [0, 'none'],
  [1, 'out of range'],
  [6, 'moved'],
  [3, 'moved'],
  [74, 'moved'],
  [29, 'forbidden'],
  [2, 'other'],
  [-1, 'other'],
])('error %i is %s', (errorCode, problem) => {
  expect(problemOf({ ...at, errorCode, endOffset: 0, aborted: [], records: Buffer.alloc(0) })).toBe(problem)
})
