import { describe, expect, test } from '@jest/globals'
import { type Calls, type Joined } from '../../../kafka/consumer/calls.ts'
import { type Commit, consume } from '../../../kafka/consumer/consume.ts'
import { leadsByFormerId } from '../../../kafka/consumer/group.ts'
import { type Handler } from '../../../kafka/consumer/handler.ts'
import { encodeAssignment, encodeSubscription } from '../../../kafka/consumer/protocol.ts'
import { errorOfCode } from '../../../kafka/kafkajs.ts'
import { createProcess, createTime, randomOf } from '../simulation/clock.ts'

const [UNKNOWN_MEMBER, REBALANCE, NO_RIGHTS, FENCED] = [25, 27, 30, 82]
const SESSION_MS = 6_000
const PARTITION = { topic: 't', partition: 0 }

/** A consumer of one partition in virtual time, whose broker answers as the test says. */
function started(calls: Partial<Calls>, handler: Partial<Handler> = {}, instanceId?: string) {
  const time = createTime(randomOf(1))
  const told: string[] = []
  const heardMs: number[] = []
  let commit: Commit = async () => undefined
  let generation = 0
  const never = new Promise<never>(() => undefined)
  const partitions = [{ partition: 0, leader: 1 }]
  const metadata = {
    controllerId: 1,
    topics: new Map([['t', { errorCode: 0, isInternal: false, partitions }]]),
  }
  const all: Calls = {
    metadata: async () => metadata,
    coordinatorOf: async () => 1,
    join: async () => joinedAs(++generation),
    sync: async () => encodeAssignment([PARTITION]),
    heartbeat: async () => undefined,
    leave: async () => undefined,
    committed: async () => [{ ...PARTITION, offset: 5, metadata: null }],
    commit: async () => undefined,
    listOffset: async () => 0,
    fetch: () => never,
    ...calls,
  }
  const stop = new AbortController()
  const tell = (what: string) => () => void told.push(what)
  let outcome: unknown
  consume(
    {
      ...{
        calls: all,
        clock: createProcess(time, 'p').clock,
        groupId: 'g',
        topics: { names: ['t'] },
        instanceId,
      },
      ...{
        sessionTimeoutMs: SESSION_MS,
        fetching: { minBytes: 1, maxWaitMs: 500, maxBytesPerPartition: 1_000 },
      },
    },
    (given) => {
      commit = given
      return {
        begin: tell('begin'),
        records: async () => void told.push('records'),
        gap: tell('gap'),
        unreadable: tell('unreadable'),
        end: async (ended, { isLost }) => void (ended.length > 0 && told.push(isLost ? 'end, lost' : 'end')),
        joined: () => undefined,
        rebalancing: () => undefined,
        heard: (sentMs) => void heardMs.push(sentMs),
        trouble: () => undefined,
        ...handler,
      }
    },
    stop.signal,
  ).then(tell('left'), (error) => {
    outcome = error
    told.push('failed')
  })
  return {
    time,
    told,
    heardMs,
    stop,
    commit: (...args: Parameters<Commit>) => commit(...args),
    outcome: () => outcome,
  }
}
const joinedAs = (generation: number): Joined => ({
  ...{ generation, protocol: 'cooperative-sticky', leaderId: 'other', memberId: 'me', members: [] },
})
const refuse = (code: number) => async (): Promise<never> => {
  throw errorOfCode(code)
}

test('a consumer begins, and ends when it is stopped', async () => {
  const { time, told, stop } = started({})
  await time.pass(1_000)
  expect(told).toEqual(['begin'])
  stop.abort()
  await time.pass(1_000)
  expect(told).toEqual(['begin', 'end', 'left'])
})

test('what a member commits that the group has lost does not reach Kafka', async () => {
  let commits = 0
  const { time, commit } = started(
    { heartbeat: refuse(UNKNOWN_MEMBER), commit: async () => void commits++ },
    { end: () => new Promise(() => undefined) },
  )
  await time.pass(500)
  const offsets = [{ ...PARTITION, offset: 9, metadata: null }]
  await commit(offsets)
  expect(commits).toBe(1)
  await time.pass(2_000)
  await expect(commit(offsets)).rejects.toMatchObject({ type: 'UNKNOWN_MEMBER_ID' })
  expect(commits).toBe(1)
})

test('a static member whose commit is refused asks at once whether it was replaced', async () => {
  let joins = 0
  let heartbeat = async (): Promise<void> => undefined
  const { time, told, commit, outcome } = started(
    { commit: refuse(UNKNOWN_MEMBER), heartbeat: () => heartbeat(), join: async () => joinedAs(++joins) },
    {},
    'a',
  )
  const refused = () =>
    expect(commit([{ ...PARTITION, offset: 9, metadata: null }])).rejects.toMatchObject({
      type: 'UNKNOWN_MEMBER_ID',
    })
  await time.pass(500)
  await refused()
  await time.pass(3_000)
  expect([joins, told]).toEqual([1, ['begin']])
  heartbeat = refuse(FENCED)
  await refused()
  await time.pass(50)
  expect([joins, told]).toEqual([1, ['begin', 'end, lost', 'failed']])
  expect(outcome()).toMatchObject({ type: 'FENCED_INSTANCE_ID' })
})

test('a member that is not static joins again at once when its commit is refused', async () => {
  let joins = 0
  const { time, commit } = started({
    ...{ commit: refuse(UNKNOWN_MEMBER), join: async () => joinedAs(++joins) },
  })
  await time.pass(500)
  await commit([{ ...PARTITION, offset: 9, metadata: null }]).catch(() => undefined)
  await time.pass(100)
  expect(joins).toBe(2)
})

describe('a consumer that fails', () => {
  test('waits for the end of work that was under way already, and tells it to break off', async () => {
    const ends: string[] = []
    const { time, told, stop, outcome } = started(
      { commit: refuse(NO_RIGHTS), heartbeat: refuse(NO_RIGHTS) },
      {
        end: (partitions, { deadline }) =>
          new Promise((resolve) => {
            if (partitions.length === 0) return resolve()
            ends.push('asked')
            deadline.addEventListener('abort', () => time.after(100, () => resolve(void ends.push('over'))))
          }),
      },
    )
    await time.pass(500)
    stop.abort()
    await time.pass(550)
    expect([ends, told]).toEqual([['asked'], ['begin']])
    await time.pass(200)
    expect([ends, told]).toEqual([
      ['asked', 'over'],
      ['begin', 'failed'],
    ])
    expect(outcome()).toMatchObject({ type: 'GROUP_AUTHORIZATION_FAILED' })
  })

  test('begins nothing after that, and hands nothing over', async () => {
    const late: (() => void)[] = []
    const waits = <Answer>(answer: Answer) =>
      new Promise<Answer>((resolve) => late.push(() => resolve(answer)))
    const part = { ...PARTITION, errorCode: 0, endOffset: 9, aborted: [], records: Buffer.alloc(0) }
    for (const calls of [
      { committed: () => waits([{ ...PARTITION, offset: 5, metadata: null }]) },
      { fetch: () => waits([part]) },
    ]) {
      const { time, told } = started({ ...calls, heartbeat: refuse(NO_RIGHTS) })
      await time.pass(2_000)
      expect(told.at(-1)).toBe('failed')
      const before = [...told]
      for (const answer of late) answer()
      await time.pass(2_000)
      expect(told).toEqual(before)
    }
  })
})

describe('what a member hears of the group', () => {
  test('while it rebalances counts until the group may have given the member up', async () => {
    const { time, heardMs } = started({ heartbeat: refuse(REBALANCE), join: joinsOnce() })
    await time.pass(200_000)
    const last = heardMs.at(-1) ?? 0
    expect(last).toBeGreaterThan(50_000)
    // The group waits 60 s at most since it last said that all is well, here by the first assignment.
    expect(last + SESSION_MS).toBeLessThanOrEqual(60_000 + (heardMs[0] ?? 0))
  })

  test('counts from when it was asked', async () => {
    const slow = createSlow()
    const { time, heardMs } = started({ heartbeat: () => slow.call(time) })
    await time.pass(4_000)
    expect(heardMs.slice(0, 2)).toEqual([0, 1_000])
  })
})

const joinsOnce = (): Calls['join'] => {
  let joins = 0
  return () => (++joins > 1 ? new Promise(() => undefined) : Promise.resolve(joinedAs(1)))
}
const createSlow = () => ({
  call: (time: { after: (ms: number, run: () => void) => unknown }) =>
    new Promise<void>((resolve) => void time.after(700, resolve)),
})

test('an unanswered heartbeat is given up well before the session ends', async () => {
  const timeouts: number[] = []
  const { time } = started({ heartbeat: async (_, __, timeoutMs) => void timeouts.push(timeoutMs) })
  await time.pass(3_000)
  expect(Math.max(...timeouts)).toBeLessThanOrEqual(SESSION_MS / 3)
})

describe('a static member that comes back', () => {
  const uuid = '0f8fad5b-d9cb-469f-a165-70867728950e'
  const joined = {
    generation: 3,
    protocol: 'cooperative-sticky',
    memberId: `a-${uuid.replace('0', '1')}`,
    members: [],
  }
  test.each([
    [`a-${uuid}`, 'a', true],
    [joined.memberId, 'a', false],
    [`a-b-${uuid}`, 'a', false],
    [`b-${uuid}`, 'a', false],
    [`a-${uuid}`, undefined, false],
  ])('leads by its former id: leader %s, instance %s: %s', (leaderId, instanceId, isSo) =>
    expect(leadsByFormerId({ ...joined, leaderId }, instanceId)).toBe(isSo),
  )

  test('as the leader joins again, so that it sees new partitions', async () => {
    let joins = 0
    const subscription = { topics: ['t'], owned: [PARTITION], generation: 3 }
    const me = { memberId: joined.memberId, metadata: encodeSubscription(joined.protocol, subscription) }
    const join = async (): Promise<Joined> =>
      ++joins === 1
        ? { ...joined, leaderId: `a-${uuid}` }
        : { ...joined, leaderId: joined.memberId, members: [me] }
    const { time, told } = started({ join }, {}, 'a')
    await time.pass(1_000)
    expect([joins, told]).toEqual([2, ['begin']])
  })
})
