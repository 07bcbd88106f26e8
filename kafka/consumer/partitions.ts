export type TopicPartition = { topic: string; partition: number }

/** A name for a partition, unlike any other's: a topic's name holds no space. */
export const keyOf = ({ topic, partition }: TopicPartition): string => `${topic} ${partition}`

/** A partition as people read it. */
export const placeOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

/** The partitions that are in `all`, but not in `others`. Pure. */
export function without<Each extends TopicPartition>(
  all: readonly Each[],
  others: readonly TopicPartition[],
): Each[] {
  const left = new Set(others.map(keyOf))
  return all.filter((each) => !left.has(keyOf(each)))
}

/** The same, by topic, in the order in which the topics come. Pure. */
export function byTopic<Each extends TopicPartition>(parts: readonly Each[]): Map<string, Each[]> {
  const topics = new Map<string, Each[]>()
  for (const part of parts) {
    const own = topics.get(part.topic)
    if (own === undefined) topics.set(part.topic, [part])
    else own.push(part)
  }
  return topics
}
