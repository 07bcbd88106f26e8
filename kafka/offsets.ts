import { type Admin } from './client.ts'
import { type Calls, partitionsOf } from './consumer/calls.ts'

/** Offsets by partition: always the offset of the next record, as Kafka counts. */
export type Offsets = ReadonlyMap<number, bigint>

/** Where each partition ends now, records of open transactions included. Throws kafkajs's errors. */
export async function endOffsets(
  calls: Pick<Calls, 'metadata' | 'listOffset'>,
  topic: string,
): Promise<Offsets> {
  return new Map(
    await Promise.all(
      (await partitionsOf(calls, topic)).map(
        async ({ partition, leader }) =>
          [partition, BigInt(await calls.listOffset(leader, { topic, partition }, 'latest'))] as const,
      ),
    ),
  )
}

/** An offset that a group has committed, with what the member wrote beside it. */
export type Commit = { offset: bigint; metadata: string | null }

/** What a group has committed, by partition; one without a commit is absent. */
export async function commits(
  admin: Admin,
  groupId: string,
  topic: string,
): Promise<ReadonlyMap<number, Commit>> {
  const topics = await admin.fetchOffsets({ groupId, topics: [topic] })
  const partitions = topics.find((each) => each.topic === topic)?.partitions ?? []
  return new Map(
    partitions
      .map(({ partition, offset, metadata }) => [partition, { offset: BigInt(offset), metadata }] as const)
      .filter(([, { offset }]) => offset >= 0n),
  )
}

/** The offsets that a group has committed; a partition without a commit is absent. */
export async function committedOffsets(admin: Admin, groupId: string, topic: string): Promise<Offsets> {
  const all = await commits(admin, groupId, topic)
  return new Map([...all].map(([partition, { offset }]) => [partition, offset]))
}

/** How many records lie between what was reached and the goal; a partition not reached counts from `from`. */
export function recordsBetween(reached: Offsets, goal: Offsets, from?: Offsets): number {
  let records = 0n
  for (const [partition, end] of goal) {
    const start = reached.get(partition) ?? from?.get(partition) ?? 0n
    if (end > start) records += end - start
  }
  return Number(records)
}
