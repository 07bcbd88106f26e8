import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type DecodedRecord, recordOf } from '../../kafka/decoded-record.ts'
import { type Batch } from '../../shipper/batch.ts'
import { AHEAD, createLane, type Fetched, type LaneWork } from '../../shipper/lane.ts'

const recordAt = (offset: number): DecodedRecord =>
  recordOf({ value: Buffer.from(`record ${offset}`), offset, timestampMs: 1_000 + offset })
/** A fetch of records at these offsets; `lastOffset` is behind them when markers or tombstones follow. */
const fetched = (offsets: readonly number[], lastOffset = offsets.at(-1) ?? 0): Fetched => ({
  records: offsets.map(recordAt),
  firstOffset: Number(offsets[0] ?? lastOffset),
  lastOffset: Number(lastOffset),
  endOffset: Number(lastOffset) + 1,
})
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index)
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A lane whose commits succeed at once, unless they are held back. */
function laneOf(more: Partial<LaneWork> = {}, start = 0, uncertainUntil = 0) {
  const pushed: number[][] = []
  const asked: number[][] = []
  const errors: unknown[] = []
  let commits = true
  const offsetsOf = ({ streams }: Batch) =>
    streams.flatMap(({ entries }) => entries.map(({ nanos }) => nanos))
  const lane = createLane(
    {
      project: (record) => ({
        labels: '{a="b"}',
        entry: { seconds: 1, nanos: record.offsetNumber, line: record },
        parsed: true,
      }),
      batchBytes: 1_000_000,
      batchRecords: 10,
      batchSeconds: () => 3_600,
      turn: async () => true,
      settle: async (batch, isUncertain) => {
        if (isUncertain) asked.push(offsetsOf(batch))
        pushed.push(offsetsOf(batch))
        return true
      },
      onChange: () => {
        if (commits) queueMicrotask(() => lane.committed(lane.mark()))
      },
      onError: (error) => void errors.push(error),
      ...more,
    },
    start,
    uncertainUntil,
  )
  lane.committed(lane.mark())
  const holdCommits = () => {
    commits = false
  }
  return { lane, pushed, asked, errors, holdCommits }
}

describe('a lane', () => {
  test('ships in order, in batches, and moves its mark on behind each', async () => {
    const { lane, pushed } = laneOf()
    lane.add(fetched(range(0, 15)))
    lane.add(fetched(range(15, 20), 24))
    await lane.room()
    for (let turns = 0; turns < 20; turns++) await turn()
    expect(pushed).toEqual([range(0, 10), range(10, 15), range(15, 20)])
    expect(lane.mark()).toEqual({ offset: 25, until: 25 + AHEAD })
    expect(lane.stand()).toMatchObject({
      oldestUnsettledMs: undefined,
      lag: 0,
      oldestUncommittedMs: undefined,
    })
    await lane.close()
    expect(lane.mark()).toEqual({ offset: 25, until: 25 })
  })

  test('asks about what a predecessor may have pushed, and about nothing else', async () => {
    const { lane, pushed, asked } = laneOf({}, 0, 13)
    lane.add(fetched(range(0, 30)))
    for (let turns = 0; turns < 20; turns++) await turn()
    expect(asked).toEqual([range(0, 10), range(10, 13)])
    expect(pushed.flat()).toEqual(range(0, 30))
    await lane.close()
  })

  test('closed before it came to what is uncertain, it says so to the next owner', async () => {
    const { lane } = laneOf({}, 5, 500)
    await lane.close()
    expect(lane.mark()).toEqual({ offset: 5, until: 500 })
  })

  test('does not push beyond what a commit allows', async () => {
    const { lane, pushed, holdCommits } = laneOf({ batchRecords: 8_000 })
    holdCommits()
    lane.add(fetched(range(0, 30_000)))
    for (let turns = 0; turns < 20; turns++) await turn()
    expect(pushed.flat().length).toBeGreaterThan(0)
    expect(pushed.flat().length).toBeLessThanOrEqual(Number(AHEAD))
    lane.committed(lane.mark())
    for (let turns = 0; turns < 20; turns++) await turn()
    expect(pushed.flat().length).toBeGreaterThan(Number(AHEAD))
    await lane.close()
  })

  test('a gap between offsets that is wider than that does not stop it', async () => {
    const { lane, pushed } = laneOf()
    lane.add(fetched([1, 2, 1_000_000, 1_000_001]))
    for (let turns = 0; turns < 20; turns++) await turn()
    expect(pushed.flat()).toEqual([1, 2, 1_000_000, 1_000_001])
    await lane.close()
  })

  test('has no room while a batch’s worth waits', async () => {
    let finish: (done: boolean) => void = () => undefined
    const settle = () =>
      new Promise<boolean>((resolve) => {
        finish = resolve
      })
    const { lane } = laneOf({ batchBytes: 50, settle })
    lane.add(fetched(range(0, 10)))
    let hasRoom = false
    const room = lane.room().then(() => {
      hasRoom = true
    })
    for (let turns = 0; turns < 5; turns++) await turn()
    expect(hasRoom).toBe(false)
    while (!hasRoom) {
      finish(true)
      await turn()
    }
    await room
    finish(true)
    const closing = lane.close()
    finish(true)
    await closing
  })

  test('given up in the middle of a push, it leaves that to be asked for', async () => {
    const { lane } = laneOf({ settle: async () => false })
    lane.add(fetched(range(7, 9)))
    for (let turns = 0; turns < 20; turns++) await turn()
    await lane.close()
    const { offset, until } = lane.mark()
    expect(offset).toBe(7)
    expect(until).toBeGreaterThan(8)
    expect(lane.stand().oldestUnsettledMs).toBe(1_007)
  })

  test('a defect is told', async () => {
    const defect = new Error('defect')
    const { lane, errors } = laneOf({
      settle: async () => {
        throw defect
      },
    })
    lane.add(fetched([0]))
    for (let turns = 0; turns < 20; turns++) await turn()
    expect(errors).toEqual([defect])
    await lane.close()
  })
})

test('however it is fetched, cut and killed, its mark covers all that was pushed and is not settled', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 7 }),
      fc.nat(12),
      async (sizes, batchRecords, dieAt) => {
        const pushed: number[] = []
        let pushes = 0
        const { lane } = laneOf({
          batchRecords,
          settle: async ({ streams }) => {
            pushed.push(...streams.flatMap(({ entries }) => entries.map(({ nanos }) => nanos)))
            return pushes++ !== dieAt
          },
        })
        let at = 0
        for (const size of sizes) {
          lane.add(fetched(range(at, at + size)))
          at += size
        }
        for (let turns = 0; turns < 60; turns++) await turn()
        await lane.close()
        const { offset, until } = lane.mark()
        const unsettled = pushed.filter((each) => Number(each) >= offset)
        for (const each of unsettled) expect(Number(each)).toBeLessThan(until)
        expect(pushed).toEqual(range(0, pushed.length))
        if (pushes <= dieAt) expect({ offset, until }).toEqual({ offset: Number(at), until: Number(at) })
      },
    ),
  )
})
