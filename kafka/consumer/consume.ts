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
import { startingOffsets } from './offsets.ts'
import { keyOf, type TopicPartition } from './partitions.ts'
import { askedFor, countsOf, sameCounts, type Topics, topicsIn } from './subscription.ts'

export type ConsumerOptions = GroupOptions & { topics: Topics; fetching: Fetching; clock?: Clock }
/** Commits offsets of owned partitions. Rejects with kafkajs's errors. */
export type Commit = (offsets: readonly Committed[]) => Promise<void>

/** Work that is given up has to end sooner than the group waits, so that its last offsets are committed before. */
const REVOKE_WITHIN_MS = 30_000
/** New partitions and topics are found within that time. */
const METADATA_AGE_MS = 10_000
/** The pause before metadata is asked for again, while a leader is looked for. */
const METADATA_AGAIN_MS = 100
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
  let revocations = 0
  const endings = new Set<Promise<void>>()
  let subscribed: readonly string[] = []
  let assignedCounts: ReadonlyMap<string, number> | undefined
  /** Partitions that are owned, but not begun yet. */
  const opening = new Map<string, number>()
  let metadataDue = new AbortController()
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
  const refresh = () => metadataDue.abort()
  const fetcher = createFetcher({ calls, clock, fetching, handler, refresh, fail })

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
  const begin = async ({ partitions, generation }: Effect & { do: 'begin' }): Promise<void> => {
    for (const each of partitions) opening.set(keyOf(each), generation)
    const isOpening = (each: TopicPartition) => opening.get(keyOf(each)) === generation
    refresh()
    while (!ended.signal.aborted) {
      const wanted = partitions.filter(isOpening)
      if (wanted.length === 0) return
      try {
        for (const each of await startingOffsets(calls, group, wanted)) {
          if (!isOpening(each)) continue
          opening.delete(keyOf(each))
          const beginning = { ...each, generation }
          handler.begin(beginning)
          fetcher.add(beginning)
        }
        handler.trouble('offsets', undefined)
        if (partitions.some(isOpening)) await clock.pause(METADATA_AGAIN_MS, ended.signal)
      } catch (error) {
        const fault = faultOf(error)
        if (fault === undefined || isFatal(fault)) throw error
        handler.trouble('offsets', (error as Error).message)
        await clock.pause(METADATA_AGAIN_MS, ended.signal)
      }
    }
  }
  const revoke = async ({ partitions, isLost }: Effect & { do: 'revoke' }): Promise<void> => {
    const begun = partitions.filter((each) => !opening.has(keyOf(each)))
    for (const each of partitions) opening.delete(keyOf(each))
    fetcher.remove(partitions)
    revocations++
    if (partitions.length > 0) handler.rebalancing()
    const deadline = new AbortController()
    const over = new AbortController()
    clock
      .pause(REVOKE_WITHIN_MS, AbortSignal.any([over.signal, ended.signal]))
      .then(() => deadline.abort())
      .catch(fail)
    const ending = handler.end(begun, { isLost, deadline: deadline.signal })
    endings.add(ending)
    try {
      await ending
    } finally {
      endings.delete(ending)
      over.abort()
    }
    if (--revocations === 0) dispatch({ name: 'revoked' })
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
      await clock.pause(sessionTimeoutMs / HEARTBEATS_PER_SESSION, ended.signal)
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
  const learn = (metadata: Metadata): boolean => {
    const leaderless = fetcher.learn(metadata)
    const now = topicsIn(topics, metadata)
    // The leader sees what others subscribe to only when they join.
    const isOther = now.join() !== subscribed.join()
    const counts = assignedCounts
    const hasGrown =
      counts !== undefined && !sameCounts(counts, countsOf([...counts.keys(), ...now], metadata))
    if (isOther || (member.isLeader && hasGrown)) dispatch({ name: 'outdated' })
    handler.trouble('metadata', leaderless.length === 0 ? undefined : `no leader of ${leaderless.join(', ')}`)
    return leaderless.length === 0
  }
  const metadataLoop = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      let isComplete = false
      try {
        isComplete = learn(await calls.metadata(askedFor(topics)))
      } catch (error) {
        const fault = faultOf(error)
        if (fault === undefined || isFatal(fault)) throw error
        handler.trouble('metadata', (error as Error).message)
      }
      await clock.pause(METADATA_AGAIN_MS, ended.signal)
      if (isComplete) await clock.pause(METADATA_AGE_MS, AbortSignal.any([metadataDue.signal, ended.signal]))
      metadataDue = new AbortController()
    }
  }

  const onStop = () => dispatch({ name: 'stop' })
  stop.addEventListener('abort', onStop, { once: true })
  if (stop.aborted) onStop()
  dispatch({ name: 'start' })
  heartbeats().catch(fail)
  metadataLoop().catch(fail)
  try {
    await promise
  } finally {
    stop.removeEventListener('abort', onStop)
    fetcher.close()
    // Nothing is owned after a regular end; after a failure nothing may go on.
    const begun = member.owned.filter((each) => !opening.has(keyOf(each)))
    opening.clear()
    const ending = handler.end(begun, { isLost: true, deadline: ended.signal })
    await Promise.allSettled([ending, ...endings])
    await ending
  }
}
