import { type Metadata } from '../cluster/cluster.ts'
import { faultOf } from '../cluster/errors.ts'
import { assign, withoutOwned } from './assign.ts'
import { type Calls, type Committed, type Identity, type Joined } from './calls.ts'
import { type Member } from './membership.ts'
import { type TopicPartition } from './partitions.ts'
import {
  COOPERATIVE,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  PROTOCOLS,
} from './protocol.ts'
import { countsOf } from './subscription.ts'

export type GroupOptions = {
  calls: Calls
  groupId: string
  /** How long the group waits for a member that it does not hear from. */
  sessionTimeoutMs: number
  /** The name of a static member: it may be away for a session timeout without a rebalance. */
  instanceId?: string | undefined
}

/** How long members have to give up what they do when the group rebalances. */
export const REBALANCE_TIMEOUT_MS = 60_000

/** An unanswered heartbeat leaves time for others before the session ends. */
const HEARTBEATS_PER_SESSION = 3

const COORDINATOR_MOVED = new Set([
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'CONNECTION',
])

/** What the leader found, beside its own assignment: how many partitions each topic had that it assigned. */
export type Synced = { assigned: readonly TopicPartition[]; counts: ReadonlyMap<string, number> | undefined }

/** The requests of a group, sent to its coordinator, which is looked for when it is not known. */
export type Group = {
  join: (member: Member, topics: readonly string[]) => Promise<Joined>
  /** Gets this member's assignment; the leader computes everybody's first. */
  sync: (member: Member, joined: Joined) => Promise<Synced>
  heartbeat: (member: Member) => Promise<void>
  leave: (member: Member) => Promise<void>
  committed: (partitions: readonly TopicPartition[]) => Promise<readonly Committed[]>
  commit: (member: Member, offsets: readonly Committed[]) => Promise<void>
}

export function createGroup({ calls, groupId, sessionTimeoutMs, instanceId }: GroupOptions): Group {
  let coordinator: number | undefined
  const atCoordinator = async <Answer>(call: (node: number) => Promise<Answer>): Promise<Answer> => {
    try {
      coordinator ??= await calls.coordinatorOf(groupId)
      return await call(coordinator)
    } catch (error) {
      if (COORDINATOR_MOVED.has(faultOf(error) ?? '')) coordinator = undefined
      throw error
    }
  }
  const identity = ({ memberId, generation }: Member): Identity => ({
    ...{ groupId, memberId, generation, instanceId },
  })

  return {
    join: ({ memberId, owned, generation }, topics) =>
      atCoordinator((node) =>
        calls.join(node, {
          ...{ groupId, memberId, instanceId, sessionTimeoutMs },
          rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
          protocols: PROTOCOLS.map((name) => ({
            name,
            metadata: encodeSubscription(name, { topics, owned, generation }),
          })),
        }),
      ),
    async sync(member, joined) {
      const led = member.isLeader ? await leaderAssignment(calls, joined) : undefined
      const assignment = await atCoordinator((node) =>
        calls.sync(node, identity(member), led?.assignments ?? []),
      )
      return { assigned: decodeAssignment(assignment), counts: led?.counts }
    },
    heartbeat: (member) =>
      atCoordinator((node) =>
        calls.heartbeat(node, identity(member), sessionTimeoutMs / HEARTBEATS_PER_SESSION),
      ),
    leave: (member) => atCoordinator((node) => calls.leave(node, identity(member))),
    committed: (partitions) => atCoordinator((node) => calls.committed(node, groupId, partitions)),
    commit: (member, offsets) => atCoordinator((node) => calls.commit(node, identity(member), offsets)),
  }
}

export const isCooperative = ({ protocol }: Joined): boolean => protocol === COOPERATIVE

/** A static member's id: its name, and a random UUID. */
const UUID_CHARS = 36

/**
 * Whether a static member leads the group without being told: one that comes back is named by the id that it had
 * before, and gets no members to assign to (KIP-814). Then nobody looks for new partitions until it joins again.
 */
export const leadsByFormerId = ({ leaderId, memberId }: Joined, instanceId: string | undefined): boolean =>
  instanceId !== undefined &&
  leaderId !== memberId &&
  leaderId.startsWith(`${instanceId}-`) &&
  leaderId.length === instanceId.length + 1 + UUID_CHARS

async function leaderAssignment(calls: Calls, joined: Joined) {
  const members = joined.members.map(({ memberId, metadata }) => ({
    memberId,
    subscription: decodeSubscription(metadata),
  }))
  const topics = [...new Set(members.flatMap(({ subscription }) => subscription.topics))]
  const metadata: Metadata = await calls.metadata(topics)
  const counts = countsOf(topics, metadata)
  const even = assign(members, counts)
  const shares = isCooperative(joined) ? withoutOwned(even, members) : even
  const assignments = [...shares].map(([memberId, share]) => ({
    memberId,
    assignment: encodeAssignment(share),
  }))
  return { assignments, counts }
}
