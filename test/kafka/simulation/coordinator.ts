import { type Identity, type Joined, type Joining } from '../../../kafka/consumer/calls.ts'
import { errorOfCode } from '../../../kafka/kafkajs.ts'
import { CODE, type GroupMember, GroupState, NO_BYTES } from './group-state.ts'
import { type Reply } from './network.ts'

const UUID_CHARS = 36

/** What members ask of their group, answered as Kafka's classic GroupCoordinator does. */
export class Group extends GroupState {
  private ids = 0

  join(joining: Joining, reply: Reply<Joined>) {
    const { memberId, instanceId, sessionTimeoutMs } = joining
    const known = this.members.get(memberId)
    if (memberId === '') {
      const newId = `${instanceId ?? 'member'}-${String(++this.ids).padStart(UUID_CHARS, '0')}`
      const former = instanceId === undefined ? undefined : this.ofInstance(instanceId)
      const named = { ...joining, memberId: newId }
      if (former !== undefined) this.replace(former, named, reply)
      else if (instanceId !== undefined) this.add(named, reply)
      if (instanceId !== undefined) return
      this.pending.set(
        newId,
        this.time.after(sessionTimeoutMs, () => {
          this.pending.delete(newId)
          this.tryComplete()
        }),
      )
      return reply.refuse(Object.assign(errorOfCode(CODE.memberIdRequired), { memberId: newId }))
    }
    if (this.pending.has(memberId)) {
      this.pending.get(memberId)?.()
      this.pending.delete(memberId)
      return this.add(joining, reply)
    }
    if (this.isFenced(instanceId, memberId)) return reply.refuse(errorOfCode(CODE.fenced))
    if (known === undefined) return reply.refuse(errorOfCode(CODE.unknownMember))
    const isSame = sameProtocols(known, joining)
    const isUpToDate =
      this.state === 'CompletingRebalance' || (this.state === 'Stable' && memberId !== this.leaderId)
    if (isSame && isUpToDate) return reply.answer(this.joinedOf(known))
    Object.assign(known, joining, { join: reply })
    this.prepare()
    this.tryComplete()
  }

  sync(
    who: Identity,
    assignments: readonly { memberId: string; assignment: Buffer }[],
    reply: Reply<Buffer>,
  ) {
    const problem = this.problemOf(who)
    const member = this.members.get(who.memberId)
    if (problem !== undefined || member === undefined)
      return reply.refuse(errorOfCode(problem ?? CODE.unknownMember))
    if (this.state === 'PreparingRebalance') return reply.refuse(errorOfCode(CODE.rebalance))
    if (this.state === 'Stable') {
      this.heard(member)
      return reply.answer(member.assignment)
    }
    member.sync = reply
    if (who.memberId !== this.leaderId) return
    const byMember = new Map(assignments.map((each) => [each.memberId, each.assignment]))
    this.state = 'Stable'
    for (const each of this.members.values()) {
      each.assignment = byMember.get(each.memberId) ?? NO_BYTES
      each.sync?.answer(each.assignment)
      each.sync = undefined
      this.heard(each)
    }
    this.store()
  }

  heartbeat(who: Identity, reply: Reply<void>) {
    const problem = this.problemOf(who)
    const member = this.members.get(who.memberId)
    if (problem !== undefined || member === undefined)
      return reply.refuse(errorOfCode(problem ?? CODE.unknownMember))
    this.heard(member)
    if (this.state === 'PreparingRebalance') return reply.refuse(errorOfCode(CODE.rebalance))
    reply.answer()
  }

  leave({ memberId }: Identity, reply: Reply<void>) {
    if (!this.members.has(memberId)) return reply.refuse(errorOfCode(CODE.unknownMember))
    reply.answer()
    this.remove(memberId)
  }

  /** The error of a commit; undefined when it is taken. */
  commitProblem(who: Identity): number | undefined {
    // Kafka takes the commits of those who are no members while there are none.
    if (who.generation < 0 && this.state === 'Empty') return undefined
    const problem = this.problemOf(who)
    if (problem !== undefined) return problem
    this.heard(this.members.get(who.memberId) as GroupMember)
    return this.state === 'CompletingRebalance' ? CODE.rebalance : undefined
  }

  private problemOf({ memberId, instanceId, generation }: Identity): number | undefined {
    if (this.isFenced(instanceId, memberId)) return CODE.fenced
    if (!this.members.has(memberId)) return CODE.unknownMember
    return generation === this.generation ? undefined : CODE.illegalGeneration
  }

  private ofInstance(instanceId: string): GroupMember | undefined {
    return [...this.members.values()].find((each) => each.instanceId === instanceId)
  }

  private isFenced(instanceId: string | undefined, memberId: string): boolean {
    if (instanceId === undefined) return false
    const member = this.ofInstance(instanceId)
    return member !== undefined && member.memberId !== memberId
  }

  private add(joining: Joining, reply: Reply<Joined>) {
    const member: GroupMember = { ...joining, assignment: NO_BYTES, join: reply, isNew: true }
    this.members.set(joining.memberId, member)
    if (this.leaderId === '') this.leaderId = joining.memberId
    this.heard(member)
    this.prepare()
    this.tryComplete()
  }

  /** A static member came back under its name (KIP-345): a stable group goes on as it was. */
  private replace(former: GroupMember, joining: Joining, reply: Reply<Joined>) {
    former.session?.()
    former.join?.refuse(errorOfCode(CODE.fenced))
    former.sync?.refuse(errorOfCode(CODE.fenced))
    const member: GroupMember = { ...former, ...joining, join: undefined, sync: undefined }
    this.members.delete(former.memberId)
    this.members.set(joining.memberId, member)
    const leaderBefore = this.leaderId
    if (this.leaderId === former.memberId) this.leaderId = joining.memberId
    this.heard(member)
    if (this.state === 'Stable') {
      this.store()
      return reply.answer({ ...this.joinedOf(member), leaderId: leaderBefore, members: [] })
    }
    member.join = reply
    this.prepare()
    this.tryComplete()
  }
}

const sameProtocols = (a: Joining, b: Joining): boolean =>
  a.protocols.length === b.protocols.length &&
  a.protocols.every(({ name, metadata }, index) => {
    const other = b.protocols[index]
    return other !== undefined && other.name === name && other.metadata.equals(metadata)
  })
