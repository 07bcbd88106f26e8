import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { type Calls } from '../../kafka/consumer/calls.ts'
import { errorOfCode } from '../../kafka/kafkajs.ts'
import { readBatches, readToEnd } from '../../kafka/snapshot.ts'
import { encodeBatch, encodeRecords } from './consumer/encode.ts'

const [LEADER_MOVED, NO_RIGHTS] = [6, 29]
type Partition = { leader: number; first?: number; values: string[]; end?: number }

/** Brokers that hold such partitions of one topic, a batch for each record. */
function brokersOf(partitions: Partition[], more: Partial<Calls> = {}) {
  const fetches: { node: number; offsets: number[] }[] = []
  const calls = {
    metadata: async () => ({
      controllerId: 1,
      topics: new Map([
        [
          't',
          {
            ...{ errorCode: 0, isInternal: false },
            partitions: partitions.map(({ leader }, partition) => ({ partition, leader })),
          },
        ],
      ]),
    }),
    listOffset: async (_: number, { partition }: { partition: number }, which: string) => {
      const { first = 0, values, end = first + values.length } = partitions[partition] as Partition
      return which === 'earliest' ? first : end
    },
    fetch: async (node: number, { partitions: asked }: Parameters<Calls['fetch']>[1]) => {
      fetches.push({ node, offsets: asked.map(({ offset }) => offset) })
      return asked.map(({ topic, partition, offset }) => {
        const { first = 0, values } = partitions[partition] as Partition
        const value = values[offset - first]
        const head = { attributes: 0, lastOffsetDelta: 0, firstTimestamp: 0, maxTimestamp: 0, producerId: -1 }
        const records =
          value === undefined
            ? Buffer.alloc(0)
            : encodeBatch({ ...head, firstOffset: offset }, 1, encodeRecords([{ value }]))
        return { topic, partition, errorCode: 0, endOffset: first + values.length, aborted: [], records }
      })
    },
    ...more,
  } as unknown as Calls
  return { calls, fetches, partitions }
}
/** What is read, by partition, in order, and the ends. */
async function read(calls: Calls) {
  const found: Record<number, string[]> = {}
  const ends = await readBatches(calls, 't', async ({ partition, records }) => {
    found[partition] = [...(found[partition] ?? []), ...records.map(({ value }) => String(value))]
  })
  return { found, ends }
}
afterEach(() => {
  jest.restoreAllMocks()
})

describe('a topic', () => {
  test('is read from its beginning to its end, of all leaders, in the order of each partition', async () => {
    const { calls, fetches } = brokersOf([
      { leader: 1, values: ['a', 'b', 'c'] },
      { leader: 2, first: 7, values: ['d', 'e'] },
      { leader: 1, values: ['f'] },
      { leader: 2, first: 4, values: [] },
    ])
    expect(await read(calls)).toEqual({
      found: { 0: ['a', 'b', 'c'], 1: ['d', 'e'], 2: ['f'] },
      ends: new Map([
        [0, 3n],
        [1, 9n],
        [2, 1n],
        [3, 4n],
      ]),
    })
    // What is at its end is not asked for again.
    expect(fetches.filter(({ node }) => node === 1).map(({ offsets }) => offsets)).toEqual([[0, 0], [1], [2]])
    expect(fetches.filter(({ node }) => node === 2).map(({ offsets }) => offsets)).toEqual([[7], [8]])
  })

  test('without a record brings nothing, and nothing is asked for', async () => {
    const { calls, fetches } = brokersOf([{ leader: 1, first: 4, values: [] }])
    expect(await read(calls)).toEqual({ found: {}, ends: new Map([[0, 4n]]) })
    expect(fetches).toEqual([])
  })

  test('is read up to the end that it had, though more is written meanwhile', async () => {
    const { calls } = brokersOf([{ leader: 1, values: ['a', 'b', 'late'], end: 2 }])
    expect((await read(calls)).found).toEqual({ 0: ['a', 'b'] })
  })

  test('hands over one record after the other', async () => {
    const { calls } = brokersOf([{ leader: 1, values: ['a', 'b'] }])
    const found: string[] = []
    await readToEnd(calls, 't', ({ value }) => void found.push(String(value)))
    expect(found).toEqual(['a', 'b'])
  })
})

describe('trouble', () => {
  test('that passes is outlived, and no record comes twice', async () => {
    let asked = 0
    const healthy = brokersOf([{ leader: 1, values: ['a', 'b', 'c'] }])
    const fetch: Calls['fetch'] = async (...request) => {
      asked++
      if (asked === 2) throw errorOfCode(LEADER_MOVED)
      const parts = await healthy.calls.fetch(...request)
      return asked === 3 ? parts.map((part) => ({ ...part, errorCode: LEADER_MOVED })) : parts
    }
    expect((await read({ ...healthy.calls, fetch })).found).toEqual({ 0: ['a', 'b', 'c'] })
    expect(asked).toBe(5)
  })

  test('with one partition, which has no leader, does not keep the others', async () => {
    const { calls, partitions } = brokersOf([
      { leader: -1, values: ['a'] },
      { leader: 1, values: ['b'] },
    ])
    const reading = read({
      ...calls,
      fetch: async (...request) => {
        const parts = await calls.fetch(...request)
        ;(partitions[0] as Partition).leader = 2
        return parts
      },
    })
    expect((await reading).found).toEqual({ 0: ['a'], 1: ['b'] })
  })

  test('that no waiting mends is thrown at once', async () => {
    const { calls } = brokersOf([{ leader: 1, values: ['a'] }])
    const forbidden = { ...calls, fetch: async () => Promise.reject(errorOfCode(NO_RIGHTS)) }
    await expect(read(forbidden)).rejects.toMatchObject({ type: 'TOPIC_AUTHORIZATION_FAILED' })
    const defect = readBatches(calls, 't', async () => Promise.reject(new Error('defect')))
    await expect(defect).rejects.toThrow('defect')
  })

  test('with a topic that does not exist, or a minute that brings nothing, ends the reading', async () => {
    const nowMs = Date.now()
    let asked = 0
    jest.spyOn(Date, 'now').mockImplementation(() => nowMs + 25_000 * asked++)
    const nowhere = brokersOf([], { metadata: async () => ({ controllerId: 1, topics: new Map() }) })
    await expect(read(nowhere.calls)).rejects.toThrow(/t could not be read to its end: .*topic-partition/)
    asked = 0
    const silent = brokersOf([{ leader: 1, values: ['a'], end: 2 }])
    await expect(read(silent.calls)).rejects.toThrow('nothing came for 60 s')
    expect(silent.fetches.length).toBeGreaterThan(2)
  })
})
