import { keyOf, type TopicPartition } from './partitions.ts'
import { type Subscription } from './protocol.ts'

export type AssignmentMember = { memberId: string; subscription: Subscription }
/** The partitions of each member, by its id. */
export type Assignment = ReadonlyMap<string, readonly TopicPartition[]>

/**
 * Assigns each partition to a member that subscribes to its topic, so that each topic is spread evenly, and all
 * topics together as evenly as that allows; a member keeps what it has where that is even. `partitions` says how many a
 * topic has. Pure; the same for the same members and topics in any order.
 */
export function assign(
  members: readonly AssignmentMember[],
  partitions: ReadonlyMap<string, number>,
): Assignment {
  const sorted = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1))
  const owners = ownersOf(sorted)
  const shares = new Map(sorted.map(({ memberId }) => [memberId, [] as TopicPartition[]]))
  const shareOf = (memberId: string): TopicPartition[] => shares.get(memberId) ?? []
  // Each leader is to go through them in the same order: who is given what depends on what was given before.
  for (const [topic, count] of [...partitions].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const subscribed = sorted.filter(({ subscription }) => subscription.topics.includes(topic))
    if (subscribed.length === 0) continue
    const ids = subscribed.map(({ memberId }) => memberId)
    assignTopic(topic, count, ids, owners, shareOf)
  }
  return shares
}

/** Who owns a partition already; of several who say so, the one of the newest generation. */
function ownersOf(members: readonly AssignmentMember[]): ReadonlyMap<string, string> {
  const claims = new Map<string, { memberId: string; generation: number }>()
  for (const { memberId, subscription } of members)
    for (const each of subscription.owned) {
      const key = keyOf(each)
      if ((claims.get(key)?.generation ?? Number.NEGATIVE_INFINITY) < subscription.generation)
        claims.set(key, { memberId, generation: subscription.generation })
    }
  return new Map([...claims].map(([key, { memberId }]) => [key, memberId]))
}

function assignTopic(
  topic: string,
  count: number,
  ids: readonly string[],
  owners: ReadonlyMap<string, string>,
  shareOf: (memberId: string) => TopicPartition[],
): void {
  const own = new Map(ids.map((id) => [id, [] as number[]]))
  const left: number[] = []
  for (let partition = 0; partition < count; partition++)
    (own.get(owners.get(keyOf({ topic, partition })) ?? '') ?? left).push(partition)
  const load = (id: string): number => shareOf(id).length + (own.get(id)?.length ?? 0)
  const inTopic = (id: string): number => own.get(id)?.length ?? 0
  /** Less of this topic first, then less of all. */
  const fewest = () => ids.reduce((a, b) => ((inTopic(b) - inTopic(a) || load(b) - load(a)) < 0 ? b : a))
  for (const partition of left) own.get(fewest())?.push(partition)
  for (;;) {
    const most = ids.reduce((a, b) => ((inTopic(b) - inTopic(a) || load(b) - load(a)) > 0 ? b : a))
    const least = fewest()
    const difference = inTopic(most) - inTopic(least)
    const isUneven = difference > 1 || (difference === 1 && load(most) - load(least) > 1)
    if (!isUneven) break
    own.get(least)?.push(own.get(most)?.pop() as number)
  }
  for (const id of ids) shareOf(id).push(...(own.get(id) ?? []).map((partition) => ({ topic, partition })))
}

/**
 * An assignment without what somebody else still owns: in a cooperative group its owner gives it up first, and it is
 * assigned in the generation after that. Pure.
 */
export function withoutOwned(assignment: Assignment, members: readonly AssignmentMember[]): Assignment {
  const owners = ownersOf(members)
  const isFree = (memberId: string) => (each: TopicPartition) =>
    (owners.get(keyOf(each)) ?? memberId) === memberId
  return new Map([...assignment].map(([memberId, share]) => [memberId, share.filter(isFree(memberId))]))
}
