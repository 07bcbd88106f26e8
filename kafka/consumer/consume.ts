import { deferred } from '../../service/deferred.ts'
import { type Metadata } from '../cluster/cluster.ts'
import { faultOf, isFatal } from '../cluster/errors.ts'
import { errorOfCode } from '../kafkajs.ts'
import { type Committed } from './calls.ts'
import { CLOCK, type Clock } from './clock.ts'
import { createFetcher, type Fetching } from './fetcher.ts'
import {
  createGroup,
  type GroupOptions,
  isCooperative,
  leadsByFormerId,
  REBALANCE_TIMEOUT_MS,
  type Synced,
} from './group.ts'
import { type Handler } from './handler.ts'
import { type Effect, type Event, type Member, NEW_MEMBER, step } from './membership.ts'
import { createMetadataWatch } from './metadata-watch.ts'
import { createOpenings } from './openings.ts'
import { createRevocations } from './revocations.ts'
import { countsOf, sameCounts, type Topics, topicsIn } from './subscription.ts'

export type ConsumerOptions = GroupOptions & { topics: Topics; fetching: Fetching; clock?: Clock }
/** Commits offsets of owned partitions. Rejects with kafkajs's errors. */
export type Commit = (offsets: readonly Committed[]) => Promise<void>

/** Often: a heartbeat is also how a member hears that the group rebalances. */
const HEARTBEATS_PER_SESSION = 6
/** Its number in the protocol. */
const UNKNOWN_MEMBER_ID = 25
/** Faults that belong to the life of a group. */
const USUAL = new Set([
  'MEMBER_ID_REQUIRED',
  'REBALANCE_IN_PROGRESS',
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
])
/** A group gives a member up by itself: leaving is not worth waiting for a broker that is away. */
const LEAVE_WITHIN_MS = 2_000

/**
 * Consumes topics as a member of a group until `stop` fires; then ends the work on all partitions and leaves the
 * group. It outlives any outage of Kafka. Rejects with what stays wrong whatever is tried again (credentials, rights,
 * settings), and with whatever the handler throws.
 *
 * The member is a value that `step` changes; this carries out what `step` says, and tells it what came of that.
 */
export async function consume(
  options: ConsumerOptions,
  handlerOf: (commit: Commit) => Handler,
  stop: AbortSignal,
): Promise<void> {
  const { calls, clock = CLOCK, sessionTimeoutMs, fetching, topics, instanceId } = options
  const group = createGroup(options)
  const ended = new AbortController()
  const { promise, resolve, reject } = deferred()
  let member: Member = NEW_MEMBER
  /** Answers to requests that a later one has replaced count for nothing. */
  let latest = 0
  let subscribed: readonly string[] = []
  let assignedCounts: ReadonlyMap<string, number> | undefined
  let heartbeatDue = new AbortController()
  /** The last generation that this member has its assignment of, and when the group last waited for nothing of it. */
  let syncedGeneration = -1
  let steadyMs = Number.NEGATIVE_INFINITY

  const fail = (error: unknown): void => {
    if (ended.signal.aborted) return
    reject(error)
    ended.abort()
  }
  /**
   * A group that waits for a member to join or to sync answers its heartbeats, and gives it up without a word when
   * that took too long: the member has to be sure to know by then.
   */
  const heard = (sentMs: number, isSteady: boolean): void => {
    if (isSteady) steadyMs = Math.max(steadyMs, sentMs)
    if (isSteady || sentMs + sessionTimeoutMs <= steadyMs + REBALANCE_TIMEOUT_MS) handler.heard(sentMs)
  }
  const commit: Commit = async (offsets) => {
    const asked = member
    // A coordinator takes what no member commits while its group is empty: over what a successor committed.
    if (asked.generation < 0) throw errorOfCode(UNKNOWN_MEMBER_ID)
    try {
      await group.commit(asked, offsets)
    } catch (error) {
      faulted('commit', asked, error)
      throw error
    }
  }
  const handler = handlerOf(commit)
  const parts = { calls, clock, trouble: handler.trouble, ended: ended.signal }
  const metadata = createMetadataWatch({ ...parts, topics, onMetadata: (found) => learn(found) })
  const fetcher = createFetcher({ calls, clock, fetching, handler, refresh: metadata.refresh, fail })
  const openings = createOpenings({
    ...parts,
    group,
    onBegin(beginning) {
      handler.begin(beginning)
      fetcher.add(beginning)
    },
  })
  const revocations = createRevocations(clock, handler, ended.signal)
  /** Takes note of leaders, and joins again when there is more to assign. Returns the partitions without a leader. */
  const learn = (found: Metadata): readonly string[] => {
    const now = topicsIn(topics, found)
    // The leader sees what others subscribe to only when they join.
    const isOther = now.join() !== subscribed.join()
    const counts = assignedCounts
    const hasGrown = counts !== undefined && !sameCounts(counts, countsOf([...counts.keys(), ...now], found))
    if (isOther || (member.isLeader && hasGrown)) dispatch({ name: 'outdated' })
    return fetcher.learn(found)
  }

  const dispatch = (event: Event): void => {
    if (ended.signal.aborted) return
    const { member: next, effects } = step(member, event)
    member = next
    for (const effect of effects) perform(effect).catch(fail)
  }
  /** Tells the member of a fault; throws what is none. */
  const faulted = (
    request: (Event & { name: 'faulted' })['request'],
    asked: Member,
    error: unknown,
  ): void => {
    const fault = faultOf(error)
    if (fault === undefined || isFatal(fault)) {
      fail(error)
      return
    }
    if (!USUAL.has(fault)) handler.trouble('group', (error as Error).message)
    // An answer to what the member was before says nothing of what it is.
    const isOld = asked.generation !== member.generation || asked.memberId !== member.memberId
    if ((request === 'heartbeat' || request === 'commit') && isOld) return
    // kafkajs's OffsetCommit names no static member: the group says the same of one that was replaced, which would
    // replace its successor if it joined again. A heartbeat tells the two apart.
    if (request === 'commit' && fault === 'UNKNOWN_MEMBER_ID' && instanceId !== undefined) {
      heartbeatDue.abort()
      return
    }
    const { memberId } = error as { memberId?: string }
    dispatch({ name: 'faulted', request, fault, ...(memberId === undefined ? {} : { memberId }) })
  }

  const perform = async (effect: Effect): Promise<void> => {
    switch (effect.do) {
      case 'join':
        return join()
      case 'sync':
        return sync(effect)
      case 'begin':
        return begin(effect)
      case 'revoke':
        return revoke(effect)
      case 'pause':
        await clock.pause(effect.ms, ended.signal)
        return dispatch({ name: 'retry' })
      case 'leave':
        return leave()
      case 'fail':
        return fail(new Error(effect.fault))
      case 'end':
        resolve()
        return ended.abort()
    }
  }

  const join = async (): Promise<void> => {
    const request = ++latest
    const asked = member
    try {
      subscribed = topics.fits === undefined ? topics.names : topicsIn(topics, await calls.metadata())
      const joined = await group.join(asked, subscribed)
      if (request === latest) dispatch({ name: 'joined', joined, isCooperative: isCooperative(joined) })
    } catch (error) {
      if (request === latest) faulted('join', asked, error)
    }
  }
  const sync = async ({ joined }: Effect & { do: 'sync' }): Promise<void> => {
    const request = ++latest
    const asked = member
    const sentMs = clock.now()
    let synced: Synced
    try {
      synced = await group.sync(asked, joined)
    } catch (error) {
      if (request === latest) faulted('sync', asked, error)
      return
    }
    if (request !== latest) return
    assignedCounts = synced.counts
    syncedGeneration = asked.generation
    heard(sentMs, true)
    handler.trouble('group', undefined)
    dispatch({ name: 'synced', assigned: synced.assigned })
    if (member.generation >= 0) handler.joined(member.owned)
    if (leadsByFormerId(joined, instanceId)) dispatch({ name: 'outdated' })
  }
  const begin = ({ partitions, generation }: Effect & { do: 'begin' }): Promise<void> => {
    metadata.refresh()
    return openings.open(partitions, generation)
  }
  const revoke = async ({ partitions, isLost }: Effect & { do: 'revoke' }): Promise<void> => {
    fetcher.remove(partitions)
    if (partitions.length > 0) handler.rebalancing(partitions)
    if (await revocations.revoke(openings.close(partitions), isLost)) dispatch({ name: 'revoked' })
  }
  const leave = async (): Promise<void> => {
    latest++
    if (member.memberId !== '' && instanceId === undefined) {
      const leaving = group.leave(member).catch((error: unknown) => {
        if (faultOf(error) === undefined) throw error
      })
      await Promise.race([leaving, clock.pause(LEAVE_WITHIN_MS, ended.signal)])
    }
    dispatch({ name: 'left' })
  }

  const heartbeats = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      const due = AbortSignal.any([heartbeatDue.signal, ended.signal])
      await clock.pause(sessionTimeoutMs / HEARTBEATS_PER_SESSION, due)
      heartbeatDue = new AbortController()
      const asked = member
      if (asked.generation < 0 || ended.signal.aborted) continue
      const sentMs = clock.now()
      try {
        await group.heartbeat(asked)
        heard(sentMs, asked.generation === syncedGeneration)
        handler.trouble('group', undefined)
      } catch (error) {
        if (faultOf(error) === 'REBALANCE_IN_PROGRESS') heard(sentMs, false)
        faulted('heartbeat', asked, error)
      }
    }
  }
  const onStop = () => dispatch({ name: 'stop' })
  stop.addEventListener('abort', onStop, { once: true })
  if (stop.aborted) onStop()
  dispatch({ name: 'start' })
  heartbeats().catch(fail)
  metadata.run().catch(fail)
  try {
    await promise
  } finally {
    stop.removeEventListener('abort', onStop)
    fetcher.close()
    // Nothing is owned after a regular end; after a failure nothing may go on.
    const ending = handler.end(openings.close(member.owned), { isLost: true, deadline: ended.signal })
    await Promise.allSettled([ending, revocations.allEnded()])
    await ending
  }
}
