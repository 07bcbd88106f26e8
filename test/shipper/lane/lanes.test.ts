import { describe, expect, test } from '@jest/globals'
import { type Fetched } from '../../../kafka/consumer/handler.ts'
import { recordOf } from '../../../kafka/decoded-record.ts'
import { createLanes, type LanesWork, type LaneTable, statusesOf } from '../../../shipper/lane/lanes.ts'
import { ALWAYS } from './always.ts'

const OF = { topic: 'logs', partition: 2 }
const beginning = (offset: number, metadata: string | null = null, partition = 2) => ({
  ...{ topic: 'logs', partition, generation: 1, offset, metadata },
})
const fetched = (from: number, to: number, partition = 2): Fetched => ({
  ...{ topic: 'logs', partition, generation: 1 },
  records: Array.from({ length: to - from }, (_, index) =>
    recordOf({ value: Buffer.from('x'), offset: from + index }),
  ),
  ...{ firstOffset: from, nextOffset: to, endOffset: to },
})
const turns = async () => {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve))
}
const later = () => new AbortController().signal

/** Lanes whose Loki stores everything, and what happened, in order. */
function lanesOf(more: Partial<LanesWork> = {}) {
  const happened: string[] = []
  const committed: { offset: number; metadata: string | null }[] = []
  const table: LaneTable = new Map()
  const work: LanesWork = {
    workOf: () => ({
      ...ALWAYS,
      deliver: async ({ streams }, isUncertain) => {
        if (isUncertain) happened.push('ask')
        happened.push(`push ${streams.flatMap(({ entries }) => entries).length}`)
        return true
      },
      bury: async () => true,
      onDefect: (error) => {
        throw error
      },
    }),
    commit: async (offsets) => {
      committed.push(...offsets)
      happened.push(`commit ${offsets.map(({ offset }) => offset)}`)
    },
    onCommitFailed: () => void happened.push('commit failed'),
    onTombstones: (count) => void (count > 0 && happened.push(`tombstones ${count}`)),
    ...more,
  }
  return { lanes: createLanes(table, work), table, happened, committed }
}
const end = { isLost: false, deadline: later() }

describe('the lanes of the owned partitions', () => {
  test('commit how far they may push before they push, and in the end that nothing is uncertain', async () => {
    const { lanes, table, happened, committed } = lanesOf()
    lanes.begin(beginning(5))
    await lanes.records(fetched(5, 8))
    await turns()
    expect(happened.slice(0, 2)).toEqual(['commit 5', 'push 3'])
    expect(committed.at(-1)).toEqual({ ...OF, offset: 8, metadata: 'vigie until=20008' })
    await lanes.end([OF], end)
    expect(committed.at(-1)).toEqual({ ...OF, offset: 8, metadata: 'vigie until=8' })
    expect(statusesOf(table)).toEqual([])
  })

  test('ask for what a predecessor says that it may have pushed', async () => {
    const { lanes, happened } = lanesOf()
    lanes.begin(beginning(5, 'vigie until=7'))
    lanes.begin(beginning(5, null, 3))
    await lanes.records(fetched(5, 9))
    await lanes.records(fetched(5, 9, 3))
    await turns()
    expect(happened.filter((each) => each === 'ask')).toHaveLength(1)
    await lanes.end([OF, { ...OF, partition: 3 }], end)
  })

  test('go on beside one that is given up', async () => {
    const { lanes, table, happened } = lanesOf()
    const other = { ...OF, partition: 3 }
    lanes.begin(beginning(0))
    lanes.begin(beginning(0, null, 3))
    await lanes.records(fetched(0, 3))
    await turns()
    await lanes.end([OF], end)
    expect(statusesOf(table)).toMatchObject([other])
    const before = happened.length
    await lanes.records(fetched(0, 4, 3))
    await turns()
    expect(happened.slice(before)).toEqual(['push 4', 'commit 4'])
    await expect(lanes.records(fetched(3, 4))).rejects.toThrow('logs/2 is not owned')
    await lanes.end([other], end)
  })

  test('of a member that the group gave up commit nothing', async () => {
    const { lanes, happened } = lanesOf()
    lanes.begin(beginning(0))
    await lanes.records(fetched(0, 3))
    await turns()
    const before = happened.length
    await lanes.end([OF], { ...end, isLost: true })
    expect(happened).toHaveLength(before)
  })

  test('count tombstones, which hold no line', async () => {
    const { lanes, happened } = lanesOf()
    lanes.begin(beginning(0))
    const records = [recordOf({ value: null, offset: 0 }), recordOf({ value: Buffer.from('x'), offset: 1 })]
    await lanes.records({ ...fetched(0, 2), records })
    await turns()
    expect(happened.filter((each) => !each.startsWith('commit'))).toEqual(['tombstones 1', 'push 1'])
    expect(happened.at(-1)).toBe('commit 2')
    await lanes.end([OF], end)
  })

  test('try a commit that failed again, and push nothing before the first one succeeds', async () => {
    let failures = 1
    const happened: string[] = []
    const { lanes, table } = lanesOf({
      commit: async () => {
        if (failures-- > 0) throw new Error('away')
        happened.push('committed')
      },
      onCommitFailed: () => void happened.push('failed'),
    })
    lanes.begin(beginning(0))
    await lanes.records(fetched(0, 3))
    await turns()
    expect(happened).toEqual(['failed'])
    expect(statusesOf(table)[0]?.lag).toBe(3)
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(happened.slice(0, 2)).toEqual(['failed', 'committed'])
    expect(statusesOf(table)[0]?.lag).toBe(0)
    await lanes.end([OF], end)
  })

  test('take no more of a partition that has no room, until it is given up', async () => {
    const { lanes } = lanesOf({ commit: () => new Promise(() => undefined) })
    lanes.begin(beginning(0))
    const full = { ...fetched(0, 1), records: [recordOf({ value: Buffer.alloc(2_000_000) })] }
    let isTaken = false
    const taken = lanes.records(full).then(() => {
      isTaken = true
    })
    await turns()
    expect(isTaken).toBe(false)
    await lanes.end([OF], { isLost: true, deadline: later() })
    await taken
  })

  test('break off at the deadline, and do not wait for Kafka longer than that', async () => {
    const deadline = new AbortController()
    const { lanes } = lanesOf({ commit: () => new Promise(() => undefined) })
    lanes.begin(beginning(0))
    const ended = lanes.end([OF], { isLost: false, deadline: deadline.signal })
    deadline.abort()
    await ended
  })
})
