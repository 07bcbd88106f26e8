import { type Calls } from './calls.ts'
import { type Group } from './group.ts'
import { type Beginning } from './handler.ts'
import { keyOf, type TopicPartition } from './partitions.ts'

/**
 * Where the reading of partitions begins: where the group left them, or at their first record. A partition without
 * a commit and without a leader is absent. Rejects with kafkajs's errors.
 */
export async function startingOffsets(
  calls: Pick<Calls, 'metadata' | 'listOffset'>,
  group: Pick<Group, 'committed'>,
  partitions: readonly TopicPartition[],
): Promise<readonly Omit<Beginning, 'generation'>[]> {
  const committed = new Map((await group.committed(partitions)).map((each) => [keyOf(each), each]))
  const isNew = partitions.filter((each) => !committed.has(keyOf(each)))
  if (isNew.length === 0) return [...committed.values()]
  const { topics } = await calls.metadata([...new Set(isNew.map(({ topic }) => topic))])
  const first = await Promise.all(
    isNew.map(async ({ topic, partition }) => {
      const leader = topics.get(topic)?.partitions.find((each) => each.partition === partition)?.leader ?? -1
      if (leader < 0) return []
      const offset = await calls.listOffset(leader, { topic, partition }, 'earliest')
      return [{ topic, partition, offset, metadata: null }]
    }),
  )
  return [...committed.values(), ...first.flat()]
}
