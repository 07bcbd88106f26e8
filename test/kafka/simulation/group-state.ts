import { type Joined, type Joining } from '../../../kafka/consumer/calls.ts'
import { COOPERATIVE } from '../../../kafka/consumer/protocol.ts'
import { errorOfCode } from '../../../kafka/kafkajs.ts'
import { type Cancel, type Random, type Time } from './clock.ts'
import { type Reply } from './network.ts'

type State = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'
export type GroupMember = Joining & {
  assignment: Buffer
  join?: Reply<Joined> | undefined
  sync?: Reply<Buffer> | undefined
  session?: Cancel
  isNew: boolean
}
/** What Kafka keeps of a group in its log: another broker goes on from that. */
type Stored = { generation: number; leaderId: string; protocol: string; members: readonly GroupMember[] }

export const CODE = {
  ...{ loading: 14, notAvailable: 15, notCoordinator: 16, illegalGeneration: 22, unknownMember: 25 },
  ...{ rebalance: 27, forbidden: 30, memberIdRequired: 79, fenced: 82 },
}
export const NO_BYTES = Buffer.alloc(0)
/** How long Kafka keeps a new member that waits for a rebalance. */
const NEW_MEMBER_MS = 300_000

/** The members of a group and their generations, as Kafka's classic GroupCoordinator keeps them. */
export class GroupState {
  state: State = 'Empty'
  generation = 0
  readonly members = new Map<string, GroupMember>()
  protected leaderId = ''
  /** Ids that were given out, but did not join yet. */
  protected readonly pending = new Map<string, Cancel>()
  private protocol = ''
  private rebalance: Cancel | undefined
  private isInitial = false
  private stored: Stored = { generation: 0, leaderId: '', protocol: '', members: [] }

  constructor(
    protected readonly time: Time,
    private readonly random: Random,
    /** Without: as if some member knew eager protocols only. */
    private readonly isCooperative: boolean,
    private readonly initialDelayMs: number,
  ) {}

  /** Another broker has become the coordinator: it knows what was stored, and nobody waits at it. */
  move() {
    for (const { join, sync, session } of this.members.values()) {
      session?.()
      join?.refuse(errorOfCode(CODE.notCoordinator))
      sync?.refuse(errorOfCode(CODE.notCoordinator))
    }
    for (const cancel of this.pending.values()) cancel()
    this.rebalance?.()
    this.members.clear()
    this.pending.clear()
    Object.assign(this, { ...this.stored, members: this.members })
    for (const each of this.stored.members) this.members.set(each.memberId, { ...each })
    this.state = this.members.size > 0 ? 'Stable' : 'Empty'
    for (const each of this.members.values()) this.heard(each)
  }

  protected store() {
    const members = [...this.members.values()].map(({ join: _, sync: __, session: ___, ...rest }) => rest)
    this.stored = { generation: this.generation, leaderId: this.leaderId, protocol: this.protocol, members }
  }

  protected heard(member: GroupMember) {
    member.session?.()
    const { memberId } = member
    member.session = this.time.after(member.isNew ? NEW_MEMBER_MS : member.sessionTimeoutMs, () => {
      if (this.members.get(memberId) !== member) return
      if (!member.isNew && (member.join !== undefined || member.sync !== undefined)) return
      this.remove(memberId)
    })
  }

  protected remove(memberId: string) {
    const member = this.members.get(memberId)
    member?.session?.()
    member?.join?.refuse(errorOfCode(CODE.unknownMember))
    member?.sync?.refuse(errorOfCode(CODE.unknownMember))
    this.members.delete(memberId)
    if (this.leaderId === memberId) this.leaderId = [...this.members.keys()][0] ?? ''
    this.prepare()
    this.tryComplete()
  }

  protected prepare() {
    if (this.state === 'PreparingRebalance') return
    const isInitial = this.state === 'Empty'
    for (const member of this.members.values()) {
      member.sync?.refuse(errorOfCode(CODE.rebalance))
      if (member.sync !== undefined) this.heard(member)
      member.sync = undefined
    }
    this.state = 'PreparingRebalance'
    const timeoutMs = Math.max(0, ...[...this.members.values()].map((each) => each.rebalanceTimeoutMs))
    const isDelayed = isInitial && this.initialDelayMs > 0
    this.rebalance = this.time.after(isDelayed ? this.initialDelayMs : timeoutMs, () => this.complete())
    this.isInitial = isDelayed
  }

  protected tryComplete() {
    if (this.state !== 'PreparingRebalance' || this.isInitial || this.pending.size > 0) return
    if ([...this.members.values()].every(({ join }) => join !== undefined)) this.complete()
  }

  protected complete() {
    this.rebalance?.()
    this.isInitial = false
    for (const [memberId, { join, instanceId, session }] of [...this.members])
      if (join === undefined && instanceId === undefined) {
        session?.()
        this.members.delete(memberId)
      }
    const joined = [...this.members.values()].filter(({ join }) => join !== undefined)
    if (joined.length === 0 && this.members.size > 0) {
      this.rebalance = this.time.after(1_000, () => this.complete())
      return
    }
    this.generation++
    if (joined.length === 0) {
      Object.assign(this, { state: 'Empty', leaderId: '', protocol: '' })
      return this.store()
    }
    if (this.members.get(this.leaderId)?.join === undefined) this.leaderId = this.random.pick(joined).memberId
    this.state = 'CompletingRebalance'
    this.protocol = this.chosen(joined)
    for (const member of this.members.values()) {
      member.join?.answer(this.joinedOf(member))
      member.join = undefined
      member.isNew = false
      this.heard(member)
    }
    const { generation } = this
    // Those that do not ask for their assignment are given up (KAFKA-10847).
    this.rebalance = this.time.after(Math.max(...joined.map((each) => each.rebalanceTimeoutMs)), () => {
      if (this.generation !== generation || this.state !== 'CompletingRebalance') return
      for (const { memberId, sync } of [...this.members.values()])
        if (sync === undefined) this.remove(memberId)
    })
  }

  protected chosen(members: readonly GroupMember[]): string {
    const names = (members[0] as GroupMember).protocols.map(({ name }) => name)
    return names.find((name) => this.isCooperative || name !== COOPERATIVE) as string
  }

  protected joinedOf({ memberId }: GroupMember): Joined {
    const { generation, protocol, leaderId } = this
    const metadataOf = (each: GroupMember) =>
      each.protocols.find(({ name }) => name === protocol)?.metadata ?? NO_BYTES
    const members = memberId === leaderId ? [...this.members.values()] : []
    return {
      ...{ generation, protocol, leaderId, memberId },
      members: members.map((each) => ({ memberId: each.memberId, metadata: metadataOf(each) })),
    }
  }
}
