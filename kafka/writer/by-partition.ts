import { type WriterRecord } from './record.ts'

/** Records of one partition, in their order. */
export type Group<Each> = { topic: string; partition: number; records: Each[] }

/** Groups records by the partition that each belongs to; `countOf` says how many a topic has. */
export function byPartition<Each extends WriterRecord>(
  records: readonly Each[],
  partitionOf: (record: Each, partitionCount: number) => number,
  countOf: (topic: string) => number,
): Group<Each>[] {
  const topics = new Map<string, { count: number; groups: Map<number, Group<Each>> }>()
  const all: Group<Each>[] = []
  for (const record of records) {
    const { topic } = record
    const known = topics.get(topic) ?? { count: countOf(topic), groups: new Map<number, Group<Each>>() }
    if (known.groups.size === 0) topics.set(topic, known)
    const partition = partitionOf(record, known.count)
    const group = known.groups.get(partition)
    if (group !== undefined) {
      group.records.push(record)
      continue
    }
    const own = { topic, partition, records: [record] }
    known.groups.set(partition, own)
    all.push(own)
  }
  return all
}
