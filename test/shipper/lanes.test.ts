import { describe, expect, test } from '@jest/globals'
import { recordOf } from '../../kafka/decoded-record.ts'
import { type Fetched } from '../../shipper/lane.ts'
import { createLanes, type LanesWork, type PlacedMark } from '../../shipper/lanes.ts'

const PLACE = { topic: 'logs', partition: 2 }
const fetched = (from: number, to: number): Fetched => ({
  records: Array.from({ length: to - from }, (_, index) =>
    recordOf({ value: Buffer.from('x'), offset: from + index }),
  ),
  firstOffset: Number(from),
  lastOffset: Number(to - 1),
  endOffset: Number(to),
})
const turns = async () => {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Lanes over a world that stores everything, and what happened in it, in order. */
function lanesOf(more: Partial<LanesWork> = {}) {
  const happened: string[] = []
  let mark: PlacedMark | undefined
  const work: LanesWork = {
    workOf: () => ({
      project: (record) => ({
        labels: '{}',
        entry: { seconds: 1, nanos: record.offsetNumber, line: record },
        parsed: true,
      }),
      batchBytes: 1_000_000,
      batchRecords: 10,
      batchSeconds: () => 3_600,
      turn: async () => true,
      settle: async ({ streams }, isUncertain) => {
        if (isUncertain) happened.push('ask')
        happened.push(`push ${streams.flatMap(({ entries }) => entries).length}`)
        return true
      },
      onError: (error) => {
        throw error
      },
    }),
    predecessors: async () => new Map(),
    commit: async (marks) => {
      mark = marks[0]
      happened.push(`commit ${mark?.offset}`)
    },
    onCommitFailed: () => void happened.push('commit failed'),
    ...more,
  }
  return { lanes: createLanes(work), happened, mark: () => mark }
}

describe('the lanes of a generation', () => {
  test('commit how far they may push before they push, and in the end that nothing is uncertain', async () => {
    const { lanes, happened, mark } = lanesOf()
    await lanes.add(PLACE, fetched(5, 8))
    await turns()
    expect(happened.slice(0, 2)).toEqual(['commit 5', 'push 3'])
    expect(mark()).toMatchObject({ ...PLACE, offset: 8 })
    expect(mark()?.until).toBeGreaterThan(8)
    await lanes.endGeneration(true)
    expect(mark()).toEqual({ ...PLACE, offset: 8, until: 8 })
    expect(lanes.stands()).toEqual([])
  })

  test('ask for what a predecessor left, once in a generation', async () => {
    let asked = 0
    const predecessors = async () => {
      asked++
      return new Map([[2, { offset: 5, until: 7 }]])
    }
    const { lanes, happened } = lanesOf({ predecessors })
    await lanes.add(PLACE, fetched(5, 9))
    await lanes.add({ ...PLACE, partition: 3 }, fetched(5, 9))
    await turns()
    expect(happened.filter((each) => each === 'ask')).toHaveLength(1)
    expect(asked).toBe(1)
    await lanes.endGeneration(true)
    await lanes.add(PLACE, fetched(9, 10))
    expect(asked).toBe(2)
    await lanes.end()
  })

  test('of a member that the group gave up commit nothing', async () => {
    const { lanes, happened } = lanesOf()
    await lanes.add(PLACE, fetched(0, 3))
    await turns()
    const before = happened.length
    await lanes.endGeneration(false)
    expect(happened).toHaveLength(before)
  })

  test('take nothing once they have ended', async () => {
    const { lanes, happened } = lanesOf()
    await lanes.end()
    await lanes.endGeneration(true)
    await lanes.add(PLACE, fetched(0, 3))
    await turns()
    expect(happened).toEqual([])
  })

  test('try a commit that failed again, and push nothing before the first one succeeds', async () => {
    let failures = 1
    const happened: string[] = []
    const { lanes } = lanesOf({
      commit: async () => {
        if (failures-- > 0) throw new Error('away')
        happened.push('committed')
      },
      onCommitFailed: () => void happened.push('failed'),
    })
    await lanes.add(PLACE, fetched(0, 3))
    await turns()
    expect(happened).toEqual(['failed'])
    expect(lanes.stands()[0]?.lag).toBe(3)
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(happened.slice(0, 2)).toEqual(['failed', 'committed'])
    expect(lanes.stands()[0]?.lag).toBe(0)
    await lanes.end()
  })

  test('let go of a fetch that waits for room when the membership is lost', async () => {
    const work = lanesOf()
    const lost = new AbortController()
    const stuck = lanesOf({
      commit: () => new Promise(() => undefined),
    })
    const full = {
      ...fetched(0, 1),
      records: [recordOf({ value: Buffer.alloc(2_000_000) })],
    }
    const added = stuck.lanes.add(PLACE, full, lost.signal)
    await turns()
    lost.abort()
    await added
    await work.lanes.end()
  })
})
