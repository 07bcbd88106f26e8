import { describe, expect, test } from '@jest/globals'
import { type Admin } from '../../kafka/client.ts'
import { committedOffsets, endOffsets, recordsBetween } from '../../kafka/offsets.ts'

const offsets = (...pairs: [number, bigint][]) => new Map(pairs)

describe('recordsBetween', () => {
  test.each([
    ['nothing reached yet', offsets(), offsets([0, 5n], [1, 7n]), undefined, 12],
    ['part of it', offsets([0, 5n], [1, 3n]), offsets([0, 5n], [1, 7n]), undefined, 4],
    ['all of it', offsets([0, 5n]), offsets([0, 5n]), undefined, 0],
    [
      'more than the goal counts as nothing',
      offsets([0, 9n], [1, 0n]),
      offsets([0, 5n], [1, 2n]),
      undefined,
      2,
    ],
    ['a partition outside the goal does not count', offsets([7, 1n]), offsets([0, 5n]), undefined, 5],
    [
      'what is not reached counts from the start',
      offsets([0, 4n]),
      offsets([0, 5n], [1, 9n]),
      offsets([0, 0n], [1, 6n]),
      4,
    ],
    ['no partitions', offsets(), offsets(), undefined, 0],
    [
      'offsets beyond what a number holds',
      offsets([0, 2n ** 60n]),
      offsets([0, 2n ** 60n + 3n]),
      undefined,
      3,
    ],
  ])('%s', (_, reached, goal, from, expected) => {
    expect(recordsBetween(reached, goal, from)).toBe(expected)
  })
})

describe('what Kafka says', () => {
  test('the ends of partitions', async () => {
    const partitions = [
      { partition: 0, leader: 4 },
      { partition: 1, leader: 7 },
    ]
    const calls = {
      metadata: async () => ({
        controllerId: 4,
        topics: new Map([['logs', { errorCode: 0, isInternal: false, partitions }]]),
      }),
      listOffset: async (node: number) => node * 3,
    }
    expect(await endOffsets(calls, 'logs')).toEqual(offsets([0, 12n], [1, 21n]))
    await expect(endOffsets(calls, 'other')).rejects.toMatchObject({ type: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })

  test('commits: a partition without one is absent, and so is a topic', async () => {
    const partitions = [
      { partition: 0, offset: '4', metadata: '' },
      { partition: 1, offset: '-1', metadata: '' },
      { partition: 2, offset: '0', metadata: '' },
    ]
    const admin = { fetchOffsets: async () => [{ topic: 'logs', partitions }] } as unknown as Admin
    expect(await committedOffsets(admin, 'group', 'logs')).toEqual(offsets([0, 4n], [2, 0n]))
    expect(await committedOffsets(admin, 'group', 'other')).toEqual(offsets())
  })
})
