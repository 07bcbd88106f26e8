import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Fetched } from '../../../kafka/consumer/handler.ts'
import { type DecodedRecord, recordOf } from '../../../kafka/decoded-record.ts'
import { deferred } from '../../../service/deferred.ts'
import { type Batch } from '../../../shipper/batch/batch.ts'
import { createLane, type LaneWork } from '../../../shipper/lane/lane.ts'
import { AHEAD } from '../../../shipper/lane/state.ts'
import { ALWAYS } from './always.ts'

const recordAt = (offset: number): DecodedRecord =>
  recordOf({ value: Buffer.from(`record ${offset}`), offset, timestampMs: 1_000 + offset })
/** A fetch of records at these offsets, which begins at `from`, and ends behind markers or tombstones. */
const fetched = (
  offsets: readonly number[],
  from = offsets[0] ?? 0,
  nextOffset = (offsets.at(-1) ?? 0) + 1,
): Fetched => ({
  ...{ topic: 'logs', partition: 2, generation: 1, records: offsets.map(recordAt) },
  ...{ firstOffset: from, nextOffset, endOffset: nextOffset },
})
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index)
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A lane whose commits succeed at once, unless they are held back. */
function laneOf(more: Partial<LaneWork> = {}, start = 0, uncertainUntil = 0) {
  const pushed: number[][] = []
  const asked: number[][] = []
  const errors: unknown[] = []
  const buried: number[] = []
  let commits = true
  const offsetsOf = ({ streams }: Batch) =>
    streams.flatMap(({ entries }) => entries.map(({ nanos }) => nanos))
  const lane = createLane(
    {
      ...ALWAYS,
      deliver: async (batch, isUncertain) => {
        if (isUncertain) asked.push(offsetsOf(batch))
        pushed.push(offsetsOf(batch))
        return true
      },
      onChange: () => {
        if (commits) queueMicrotask(() => lane.committed(lane.mark()))
      },
      bury: async (record) => {
        buried.push(record.offsetNumber)
        return true
      },
      onDefect: (error) => void errors.push(error),
      ...more,
    },
    { generation: 1, offset: start },
    { offset: start, until: uncertainUntil },
  )
  lane.committed(lane.mark())
  const holdCommits = () => {
    commits = false
  }
  return { lane, pushed, asked, errors, buried, holdCommits }
}

describe('a lane', () => {
  test('ships in order, in batches, and moves its mark on behind each', async () => {
    const { lane, pushed } = laneOf()
    lane.receive(fetched(range(0, 15)))
    lane.receive(fetched(range(15, 20), 15, 25))
    await lane.room()
    for (let turns = 0; turns < 20; turns++) await turn()
    expect(pushed).toEqual([range(0, 10), range(10, 15), range(15, 20)])
    expect(lane.mark()).toEqual({ offset: 25, until: 25 + AHEAD })
    expect(lane.status()).toMatchObject({
      oldestWaitingMs: undefined,
      lag: 0,
      oldestUncommittedMs: undefined,
    })
    await lane.close()
    expect(lane.mark()).toEqual({ offset: 25, until: 25 })
  })

  test('asks about what a predecessor may have pushed, and about nothing else', async () => {
    const { lane, pushed, asked } = laneOf({}, 0, 13)
    lane.receive(fetched(range(0, 30)))
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

  test('tells how far it is, and that it waits for others, not for a commit or for Loki', async () => {
    const [turnCame, delivered] = [deferred(), deferred()]
    const order = () => turnCame.promise.then(() => true)
    const deliver = () => delivered.promise.then(() => true)
    const { lane, holdCommits } = laneOf({ order, deliver })
    const settled = async () => {
      for (let turns = 0; turns < 5; turns++) await turn()
      return lane.status()
    }
    lane.receive(fetched(range(0, 5)))
    expect(await settled()).toMatchObject({ acknowledged: 0, lag: 5, waitsItsTurn: true })
    turnCame.resolve()
    expect(await settled()).toMatchObject({ acknowledged: 0, lag: 5, waitsItsTurn: false })
    delivered.resolve()
    expect(await settled()).toMatchObject({ acknowledged: 5, lag: 0, waitsItsTurn: false })
    holdCommits()
    lane.receive(fetched([AHEAD + 50], 5))
    expect(await settled()).toMatchObject({ acknowledged: AHEAD + 50, lag: 1, waitsItsTurn: false })
    await lane.close()
  })

  test('does not push beyond what a commit allows', async () => {
    const { lane, pushed, holdCommits } = laneOf({ batchRecords: 8_000 })
    holdCommits()
    lane.receive(fetched(range(0, 30_000)))
    for (let turns = 0; turns < 20; turns++) await turn()
    expect(pushed.flat().length).toBeGreaterThan(0)
    expect(pushed.flat().length).toBeLessThanOrEqual(Number(AHEAD))
    lane.committed(lane.mark())
    for (let turns = 0; turns < 20; turns++) await turn()
    expect(pushed.flat().length).toBeGreaterThan(Number(AHEAD))
    await lane.close()
  })

  test('a gap between offsets that is wider than that does not stop it', async () => {
    const { lane, pushed } = laneOf({}, 1)
    lane.receive(fetched([1, 2, 1_000_000, 1_000_001]))
    for (let turns = 0; turns < 20; turns++) await turn()
    expect(pushed.flat()).toEqual([1, 2, 1_000_000, 1_000_001])
    await lane.close()
  })

  test('has no room while a batch’s worth waits', async () => {
    let finish: (done: boolean) => void = () => undefined
    const deliver = () =>
      new Promise<boolean>((resolve) => {
        finish = resolve
      })
    const { lane } = laneOf({ batchBytes: 50, deliver })
    lane.receive(fetched(range(0, 10)))
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
    const { lane } = laneOf({ deliver: async () => false }, 7)
    lane.receive(fetched(range(7, 9)))
    for (let turns = 0; turns < 20; turns++) await turn()
    await lane.close()
    const { offset, until } = lane.mark()
    expect(offset).toBe(7)
    expect(until).toBeGreaterThan(8)
    expect(lane.status().oldestWaitingMs).toBe(1_007)
  })

  test('refuses records that do not follow the last ones, or are of another generation', async () => {
    const { lane } = laneOf({}, 5)
    expect(() => lane.receive(fetched(range(6, 8)))).toThrow(
      'from offset 6 of generation 1; expected were 5 of 1',
    )
    expect(() => lane.receive({ ...fetched(range(5, 8)), generation: 2 })).toThrow('generation 2')
    lane.receive(fetched(range(5, 8)))
    expect(() => lane.receive(fetched(range(5, 8)))).toThrow('expected were 8')
    lane.receive(fetched(range(10, 12), 8))
    await lane.close()
    lane.receive(fetched(range(90, 91)))
  })

  test('goes on behind records that Kafka deleted', async () => {
    const { lane, pushed } = laneOf()
    lane.receive(fetched(range(0, 2)))
    lane.skip({ topic: 'logs', partition: 2, generation: 1, from: 2, to: 100, cause: 'retention' })
    lane.receive(fetched(range(100, 102)))
    for (let turns = 0; turns < 20; turns++) await turn()
    expect(pushed.flat()).toEqual([0, 1, 100, 101])
    expect(lane.mark().offset).toBe(102)
    await lane.close()
  })

  test('reads a log that was cut anew, and asks Loki for what it had read of it', async () => {
    const { lane, pushed, asked } = laneOf({}, 50)
    lane.receive(fetched(range(50, 52)))
    lane.skip({ topic: 'logs', partition: 2, generation: 1, from: 52, to: 3, cause: 'truncated' })
    lane.receive(fetched(range(3, 5)))
    for (let turns = 0; turns < 20; turns++) await turn()
    expect(pushed).toEqual([range(50, 52), range(3, 5)])
    expect(asked).toEqual([range(3, 5)])
    expect(lane.mark()).toEqual({ offset: 5, until: 5 + AHEAD })
    await lane.close()
  })

  test('sends the records before one that cannot be projected, makes a dead letter of that, and goes on', async () => {
    const { lane, pushed, buried, errors } = laneOf({
      project: (record) => {
        if (record.offsetNumber === 3 || record.offsetNumber === 4) throw new TypeError('a defect')
        return {
          labels: '{a="b"}',
          entry: { seconds: 1, nanos: record.offsetNumber, line: record },
          parsed: true,
        }
      },
    })
    lane.receive(fetched(range(0, 7)))
    for (let turns = 0; turns < 20; turns++) await turn()
    expect(pushed).toEqual([range(0, 3), range(5, 7)])
    expect([buried, errors]).toEqual([[3, 4], []])
    expect(lane.mark().offset).toBe(7)
    await lane.close()
  })

  test('keeps what could not be made a dead letter, and what follows, for its successor', async () => {
    const { lane, pushed } = laneOf({
      project: (record) => {
        if (record.offsetNumber === 2) throw new TypeError('a defect')
        return {
          ...{ labels: '{a="b"}', parsed: true },
          entry: { seconds: 1, nanos: record.offsetNumber, line: record },
        }
      },
      bury: async () => false,
    })
    lane.receive(fetched(range(0, 5)))
    for (let turns = 0; turns < 20; turns++) await turn()
    await lane.close()
    expect(pushed).toEqual([range(0, 2)])
    expect(lane.mark()).toEqual({ offset: 2, until: 2 })
  })

  test('pushes nothing whose turn has not come, and leaves it to its successor', async () => {
    const { lane, pushed } = laneOf({ order: async () => false })
    lane.receive(fetched(range(0, 3)))
    lane.receive(fetched(range(3, 5)))
    for (let turns = 0; turns < 20; turns++) await turn()
    await lane.close()
    expect(pushed).toEqual([])
    expect(lane.mark()).toEqual({ offset: 0, until: 0 })
  })

  test('tells what waits: how much, since when, and how far it is in event time', async () => {
    const { lane, holdCommits } = laneOf({ deliver: () => new Promise(() => undefined) }, 3)
    expect(lane.status()).toMatchObject({
      ...{ lag: 0, oldestWaitingMs: undefined, oldestUncommittedMs: undefined, headSeconds: undefined },
    })
    holdCommits()
    lane.receive(fetched(range(3, 5), 3, 9))
    for (let turns = 0; turns < 5; turns++) await turn()
    expect(lane.status()).toMatchObject({
      ...{ lag: 6, oldestWaitingMs: 1_003, oldestUncommittedMs: 1_003, headSeconds: 1 },
    })
  })

  test('that has stored everything waits only for its commit', async () => {
    const { lane, holdCommits } = laneOf()
    holdCommits()
    lane.receive(fetched(range(0, 5)))
    for (let turns = 0; turns < 5; turns++) await turn()
    const stored = { lag: 0, oldestWaitingMs: undefined, headSeconds: undefined }
    expect(lane.status()).toMatchObject({ ...stored, oldestUncommittedMs: 1_000 })
    // A commit of less than is stored leaves the rest to be committed.
    lane.committed({ offset: 3, until: 3 + AHEAD })
    expect(lane.status().oldestUncommittedMs).toBe(1_000)
    lane.committed(lane.mark())
    expect(lane.status()).toMatchObject({ ...stored, oldestUncommittedMs: undefined })
    await lane.close()
  })

  test('a defect is told', async () => {
    const defect = new Error('defect')
    const { lane, errors } = laneOf({
      deliver: async () => {
        throw defect
      },
    })
    lane.receive(fetched([0]))
    for (let turns = 0; turns < 20; turns++) await turn()
    expect(errors).toEqual([defect])
    await lane.close()
  })
})

test('however it is fetched, cut and killed, its mark covers all that was pushed and is not acknowledged', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8, size: 'max' }),
      fc.integer({ min: 1, max: 7 }),
      fc.nat(12),
      async (sizes, batchRecords, dieAt) => {
        const pushed: number[] = []
        let pushes = 0
        const { lane } = laneOf({
          batchRecords,
          deliver: async ({ streams }) => {
            pushed.push(...streams.flatMap(({ entries }) => entries.map(({ nanos }) => nanos)))
            return pushes++ !== dieAt
          },
        })
        let at = 0
        for (const size of sizes) {
          lane.receive(fetched(range(at, at + size)))
          at += size
        }
        for (let turns = 0; turns < 60; turns++) await turn()
        await lane.close()
        const { offset, until } = lane.mark()
        const unacknowledged = pushed.filter((each) => Number(each) >= offset)
        for (const each of unacknowledged) expect(Number(each)).toBeLessThan(until)
        expect(pushed).toEqual(range(0, pushed.length))
        if (pushes <= dieAt) expect({ offset, until }).toEqual({ offset: Number(at), until: Number(at) })
      },
    ),
  )
})
