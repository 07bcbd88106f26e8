import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Backlog, EMPTY_BACKLOG, halved, joined, replaced, take } from '../../../kafka/writer/backlog.ts'
import { byPartition } from '../../../kafka/writer/by-partition.ts'
import { createJob } from '../../../kafka/writer/job.ts'
import { advanced, begun, UNNUMBERED } from '../../../kafka/writer/sequence.ts'
import { fitOf, observed, refusedFit, roomOf } from '../../../kafka/writer/size.ts'
import { verdictOf } from '../../../kafka/writer/verdict.ts'

describe('sequences', () => {
  const identity = { producerId: 5n, epoch: 0, isTransactional: false }
  test('begin at 0, advance by what was stored, and go on at 0 after 2³¹ − 1', () => {
    expect(advanced(begun(identity), 3)).toEqual({ kind: 'numbered', identity, next: 3 })
    expect(advanced({ kind: 'numbered', identity, next: 2 ** 31 - 2 }, 3)).toMatchObject({ next: 1 })
    expect(advanced({ kind: 'numbered', identity, next: 2 ** 31 - 1 }, 1)).toMatchObject({ next: 0 })
    expect(advanced(UNNUMBERED, 3)).toBe(UNNUMBERED)
  })
})

test.each([
  [0, 'stored'],
  [46, 'stored'],
  [10, 'too large'],
  [18, 'too large'],
  [3, 'again'],
  [6, 'again'],
  [7, 'again'],
  [19, 'again'],
  [20, 'again'],
  [56, 'again'],
  [45, 'renumber'],
  [47, 'renumber'],
  [59, 'renumber'],
  [29, 'refused'],
  [87, 'refused'],
  [-1, 'refused'],
])('error %i means %s', (code, verdict) => {
  expect(verdictOf(code, false)).toBe(verdict)
  expect(verdictOf(code, true)).toBe(verdict === 'renumber' ? 'refused' : verdict)
})

describe('what waits', () => {
  const backlogOf = (...sizes: number[][]): Backlog =>
    sizes.reduce<Backlog>(
      (backlog, ofPiece) =>
        joined(backlog, {
          job: createJob(ofPiece.length),
          records: ofPiece.map((size, index) => ({
            topic: 't',
            key: String(index),
            value: Buffer.alloc(size),
          })),
        }),
      EMPTY_BACKLOG,
    )
  const lengths = (backlog: Backlog, maxBytes: number) => {
    const found: number[][] = []
    for (let left = backlog; left.pieces.length > 0; ) {
      const step = take(left, maxBytes, 0)
      found.push(step.taken.pieces.flatMap(({ records }) => records.map(({ value }) => value?.length ?? 0)))
      left = step.left
    }
    return found
  }

  test('goes in its order, in batches that fit, each as full as it may be', () => {
    const size = fc.oneof(fc.nat({ max: 200 }), fc.nat({ max: 3_000_000 }))
    fc.assert(
      fc.property(
        fc.array(fc.array(size, { minLength: 1, maxLength: 8 }), { maxLength: 6 }),
        fc.integer({ min: 100, max: 2_000_000 }),
        (pieces, maxBytes) => {
          const batches = lengths(backlogOf(...pieces), maxBytes)
          expect(batches.flat()).toEqual(pieces.flat())
          const HEAD = 20 // What a record of these takes beside its value, at most.
          batches.forEach((batch, index) => {
            const total = batch.reduce((sum, each) => sum + each, 0)
            if (batch.length > 1) expect(total).toBeLessThanOrEqual(maxBytes)
            const next = batches[index + 1]?.[0]
            if (next !== undefined) expect(total + next + HEAD * (batch.length + 1)).toBeGreaterThan(maxBytes)
          })
        },
      ),
      { numRuns: 100 },
    )
  })

  test('too large together goes in halves until they are through, and what follows not', () => {
    const first = take(backlogOf([1, 2, 3, 4, 5], [6, 7, 8, 9]), 1_000, 0)
    const { pieces, records } = first.taken
    expect(records.count).toBe(9)
    const again = halved(first.left, { pieces: pieces.slice(0, 1), count: 5 })
    expect(lengths(again, 1_000)).toEqual([
      [1, 2, 3],
      [4, 5],
    ])
    const withMore = { ...again, pieces: [...again.pieces, ...backlogOf([6, 7, 8, 9]).pieces] }
    expect(lengths(withMore, 1_000)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ])
  })

  test('a record that was cut stands where it stood', () => {
    const { taken, left } = take(backlogOf([900, 2], [3]), 1, 0)
    const [piece] = taken.pieces
    const shorter = { topic: 't', value: Buffer.alloc(9) }
    expect(lengths(replaced(left, { job: piece?.job ?? createJob(1), records: [shorter] }), 500)).toEqual([
      [9, 2, 3],
    ])
  })
})

test('how much goes into a batch follows how it compresses, and what Kafka refused', () => {
  const fit = fitOf(10_061)
  expect(roomOf(fit)).toBe(10_000)
  expect(roomOf(observed(fit, 2_000, 10_000))).toBe(45_213)
  expect(roomOf(observed(fit, 10_000, 10_000))).toBe(10_000)
  expect(roomOf(observed(fit, 1, 1_000_000_000))).toBe(1_048_515)
  expect(roomOf(refusedFit(observed(fit, 2_000, 10_000), 8_062))).toBe(8_000)
  expect(roomOf(observed(fitOf(5_000_061), 2_000, 10_000))).toBe(5_000_000)
})

test('records are grouped by partition, in their order', () => {
  const records = [5, 1, 4, 2, 3].map((value) => ({ topic: value > 3 ? 'a' : 'b', value: String(value) }))
  const groups = byPartition(
    records,
    ({ value }, count) => Number(value) % count,
    (topic) => (topic === 'a' ? 1 : 2),
  )
  expect(
    groups.map(({ topic, partition, records }) => [topic, partition, records.map(({ value }) => value)]),
  ).toEqual([
    ['a', 0, ['5', '4']],
    ['b', 1, ['1', '3']],
    ['b', 0, ['2']],
  ])
})
