import { type Backoff, pauseAfter } from '../../service/backoff.ts'
import { isFatal } from '../cluster/errors.ts'
import { type Joined } from './calls.ts'
import { type TopicPartition, without } from './partitions.ts'

/**
 * A member of a consumer group as a value. `step` says what an event makes of it, and what is to be done; nothing here
 * waits, asks or keeps time.
 */
export type Member = {
  phase: Phase
  /** Given by the group; empty before that. */
  memberId: string
  /** -1 when it is in none. */
  generation: number
  isLeader: boolean
  /** Whether the members of the last generation keep what stays theirs while the group rebalances. */
  isCooperative: boolean
  /** What it owns: the partitions whose records it may handle. */
  owned: readonly TopicPartition[]
  /** Attempts to join that failed one after the other. */
  attempts: number
}

/**
 * `revoking`: waits until the work on partitions that it gives up has ended; `next` comes then. `waiting`: joins after
 * a pause. `left` and `failed` are ends.
 */
export type Phase =
  | { name: 'waiting' | 'joining' | 'stable' | 'leaving' | 'left' | 'failed' }
  | { name: 'revoking'; next: 'join' | 'sync' | 'leave'; joined?: Joined }
  | { name: 'syncing'; joined: Joined }

export type Event =
  /** `outdated`: what the group assigned is not what it would assign now, and this member is to say so. */
  | { name: 'start' | 'retry' | 'revoked' | 'outdated' | 'stop' | 'left' }
  | { name: 'joined'; joined: Joined; isCooperative: boolean }
  | { name: 'synced'; assigned: readonly TopicPartition[] }
  /** A request failed with that fault (see `faultOf`); MEMBER_ID_REQUIRED comes with the id to join with. */
  | { name: 'faulted'; request: 'join' | 'sync' | 'heartbeat' | 'commit'; fault: string; memberId?: string }

export type Effect =
  | { do: 'join' | 'leave' | 'end' }
  | { do: 'sync'; joined: Joined }
  | { do: 'begin'; partitions: readonly TopicPartition[]; generation: number }
  /** `isLost`: somebody else may own them already, so nothing can be committed. */
  | { do: 'revoke'; partitions: readonly TopicPartition[]; isLost: boolean }
  | { do: 'pause'; ms: number }
  | { do: 'fail'; fault: string }

export type Step = { member: Member; effects: readonly Effect[] }

export const NEW_MEMBER: Member = {
  phase: { name: 'waiting' },
  memberId: '',
  generation: -1,
  isLeader: false,
  isCooperative: false,
  owned: [],
  attempts: 0,
}

/** The pause after a join that failed: the first, doubled each time, up to the longest. */
const PAUSES_MS: Backoff = { first: 100, longest: 5_000 }

/** What an event makes of a member. Pure. An event that came too late to matter changes nothing. */
export function step(member: Member, event: Event): Step {
  const { phase } = member
  if (phase.name === 'left' || phase.name === 'failed') return nothing(member)
  switch (event.name) {
    case 'start':
    case 'retry':
      return phase.name === 'waiting' ? join(member) : nothing(member)
    case 'joined':
      return phase.name === 'joining' ? joined(member, event.joined, event.isCooperative) : nothing(member)
    case 'synced':
      return phase.name === 'syncing' ? synced(member, event.assigned) : nothing(member)
    case 'outdated':
      return phase.name === 'stable' ? rejoin(member) : nothing(member)
    case 'revoked':
      return phase.name === 'revoking' ? revoked(member, phase) : nothing(member)
    case 'faulted':
      return faulted(member, event)
    case 'stop':
      return stop(member)
    case 'left':
      return { member: { ...member, phase: { name: 'left' } }, effects: [{ do: 'end' }] }
  }
}

const nothing = (member: Member): Step => ({ member, effects: [] })
const join = (member: Member): Step => ({
  member: { ...member, phase: { name: 'joining' } },
  effects: [{ do: 'join' }],
})

/** A group of another kind than before gives away what its members keep: they let go of it first. */
function joined(member: Member, answer: Joined, isCooperative: boolean): Step {
  const next: Member = {
    ...member,
    phase: { name: 'syncing', joined: answer },
    memberId: answer.memberId,
    generation: answer.generation,
    isLeader: answer.leaderId === answer.memberId,
    isCooperative,
    attempts: 0,
  }
  if (!isCooperative && member.owned.length > 0)
    return revoke({ ...next, owned: [] }, member.owned, { name: 'revoking', next: 'sync', joined: answer })
  return { member: next, effects: [{ do: 'sync', joined: answer }] }
}

function synced(member: Member, assigned: readonly TopicPartition[]): Step {
  const { generation } = member
  const added = without(assigned, member.owned)
  const givenUp = without(member.owned, assigned)
  const begin: Effect[] = added.length > 0 ? [{ do: 'begin', partitions: added, generation }] : []
  const next: Member = { ...member, owned: assigned, phase: { name: 'stable' } }
  if (givenUp.length === 0) return { member: next, effects: begin }
  // Whoever is to have them gets them when this member joins without them.
  const { member: revoking, effects } = revoke(next, givenUp, { name: 'revoking', next: 'join' })
  return { member: revoking, effects: [...begin, ...effects] }
}

function revoke(member: Member, partitions: readonly TopicPartition[], phase: Phase, isLost = false): Step {
  return { member: { ...member, phase }, effects: [{ do: 'revoke', partitions, isLost }] }
}

/** The group rebalances. Those of a cooperative group keep what they have until they are told otherwise. */
function rejoin(member: Member): Step {
  if (member.isCooperative || member.owned.length === 0) return join(member)
  return revoke({ ...member, owned: [] }, member.owned, { name: 'revoking', next: 'join' })
}

function revoked(member: Member, phase: Phase & { name: 'revoking' }): Step {
  if (phase.next === 'leave') return leave(member)
  if (phase.next === 'join' || phase.joined === undefined) return join(member)
  return {
    member: { ...member, phase: { name: 'syncing', joined: phase.joined } },
    effects: [{ do: 'sync', joined: phase.joined }],
  }
}

function leave(member: Member): Step {
  return { member: { ...member, phase: { name: 'leaving' } }, effects: [{ do: 'leave' }] }
}

function stop(member: Member): Step {
  if (member.phase.name === 'leaving') return nothing(member)
  // What is being given up already is waited for: the same event ends both.
  if (member.phase.name === 'revoking' && member.owned.length === 0)
    return nothing({ ...member, phase: { name: 'revoking', next: 'leave' } })
  return revoke({ ...member, owned: [] }, member.owned, { name: 'revoking', next: 'leave' })
}

/** The group does not count this member as its own any more. */
function lost(member: Member, memberId: string): Step {
  const next: Member = { ...member, memberId, generation: -1, isLeader: false, owned: [] }
  const { phase } = member
  if (phase.name === 'leaving') return nothing(member)
  if (phase.name === 'revoking' && phase.next === 'leave') return nothing(next)
  return revoke(next, member.owned, { name: 'revoking', next: 'join' }, true)
}

function faulted(member: Member, { request, fault, memberId }: Event & { name: 'faulted' }): Step {
  const { phase } = member
  if (isFatal(fault)) {
    return { member: { ...member, phase: { name: 'failed' } }, effects: [{ do: 'fail', fault }] }
  }
  const isOwnRequest = request === 'join' ? phase.name === 'joining' : phase.name === 'syncing'
  if (request === 'heartbeat' || request === 'commit') return faultedWhileMember(member, fault)
  if (!isOwnRequest) return nothing(member)
  switch (fault) {
    case 'MEMBER_ID_REQUIRED':
      return join({ ...member, memberId: memberId ?? '' })
    case 'UNKNOWN_MEMBER_ID':
      return lost(member, '')
    case 'ILLEGAL_GENERATION':
      return lost(member, member.memberId)
    case 'REBALANCE_IN_PROGRESS':
      return rejoin(member)
    default:
      return pause(member)
  }
}

function pause(member: Member): Step {
  const attempts = member.attempts + 1
  const next: Member = { ...member, phase: { name: 'waiting' }, attempts }
  return { member: next, effects: [{ do: 'pause', ms: pauseAfter(PAUSES_MS, attempts) }] }
}

function faultedWhileMember(member: Member, fault: string): Step {
  const { phase } = member
  if (fault === 'UNKNOWN_MEMBER_ID') return lost(member, '')
  if (phase.name !== 'stable') return nothing(member)
  if (fault === 'ILLEGAL_GENERATION') return lost(member, member.memberId)
  return fault === 'REBALANCE_IN_PROGRESS' ? rejoin(member) : nothing(member)
}
