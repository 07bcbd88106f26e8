import { type Metadata } from '../cluster/cluster.ts'

/** The topics that a consumer reads: those of these names, and all that fit. */
export type Topics = { names: readonly string[]; fits?: ((name: string) => boolean) | undefined }

/** What metadata is asked for to find them: all of it where there may be ones that fit. */
export const askedFor = ({ names, fits }: Topics): readonly string[] | undefined =>
  fits === undefined ? names : undefined

/** The topics to subscribe to: the named ones, and those there are that fit. Kafka's internal ones fit never. Pure. */
export function topicsIn({ names, fits }: Topics, { topics: all }: Metadata): string[] {
  if (fits === undefined) return [...names]
  const fitting = [...all].flatMap(([name, { isInternal }]) =>
    !isInternal && !names.includes(name) && fits(name) ? [name] : [],
  )
  return [...names, ...fitting.sort()]
}

/** How many partitions each of these topics has; one that does not exist is absent. Pure. */
export function countsOf(topics: readonly string[], { topics: all }: Metadata): ReadonlyMap<string, number> {
  return new Map(
    topics.flatMap((topic) => {
      const count = all.get(topic)?.partitions.length ?? 0
      return count === 0 ? [] : [[topic, count] as const]
    }),
  )
}

/** Whether two such counts are the same. Pure. */
export const sameCounts = (a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean =>
  a.size === b.size && [...a].every(([topic, count]) => b.get(topic) === count)
