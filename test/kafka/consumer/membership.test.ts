import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Joined } from '../../../kafka/consumer/calls.ts'
import { type Effect, type Event, type Member, NEW_MEMBER, step } from '../../../kafka/consumer/membership.ts'
import { keyOf, type TopicPartition } from '../../../kafka/consumer/partitions.ts'

const parts = (...numbers: number[]): TopicPartition[] =>
  numbers.map((partition) => ({ topic: 't', partition }))
const joinedAs = (generation: number, memberId = 'me', leaderId = 'me'): Joined => ({
  ...{ generation, protocol: 'any', leaderId, memberId, members: [] },
})
const joined = (generation: number, isCooperative = true): Event => ({
  ...{ name: 'joined', joined: joinedAs(generation), isCooperative },
})
const synced = (...numbers: number[]): Event => ({ name: 'synced', assigned: parts(...numbers) })
type Request = (Event & { name: 'faulted' })['request']
const faulted = (request: Request, fault: string): Event => ({ name: 'faulted', request, fault })

/** The member after those events, and the effects of the last one. */
function run(...events: Event[]): { member: Member; effects: readonly Effect[]; done: string[] } {
  let member = NEW_MEMBER
  let effects: readonly Effect[] = []
  for (const event of events) ({ member, effects } = step(member, event))
  return { member, effects, done: effects.map((each) => each.do) }
}
const START: Event = { name: 'start' }
const REVOKED: Event = { name: 'revoked' }
const STOP: Event = { name: 'stop' }
const stable = (isCooperative = true): Event[] => [START, joined(1, isCooperative), synced(0, 1)]
const revocation = (isLost: boolean, ...numbers: number[]): Effect => ({
  ...{ do: 'revoke', partitions: parts(...numbers), isLost },
})

describe('a member that joins', () => {
  test('joins, syncs, and begins what it is assigned', () => {
    expect(run(START).done).toEqual(['join'])
    expect(run(START, joined(1)).effects).toEqual([{ do: 'sync', joined: joinedAs(1) }])
    const { member, effects } = run(...stable())
    expect(effects).toEqual([{ do: 'begin', partitions: parts(0, 1), generation: 1 }])
    expect(member).toMatchObject({ generation: 1, memberId: 'me', isLeader: true, owned: parts(0, 1) })
  })

  test('joins with the id that the group requires', () => {
    const { member, done } = run(START, {
      ...faulted('join', 'MEMBER_ID_REQUIRED'),
      memberId: 'new',
    } as Event)
    expect([member.memberId, done]).toEqual(['new', ['join']])
  })

  test('pauses longer after each failure, but not for ever, and begins anew after a success', () => {
    const failure = [faulted('join', 'CONNECTION'), { name: 'retry' } as Event]
    const pauseAfter = (failures: number): Effect | undefined =>
      run(START, ...Array.from({ length: failures }, () => failure).flat(), faulted('join', 'CONNECTION'))
        .effects[0]
    expect([0, 1, 2, 20].map(pauseAfter)).toEqual([100, 200, 400, 5_000].map((ms) => ({ do: 'pause', ms })))
    const again = [...failure, ...failure, joined(1), faulted('sync', 'CONNECTION')]
    expect(run(START, ...again).effects).toEqual([{ do: 'pause', ms: 100 }])
  })

  test.each(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION'])(
    'that is unknown by then (%s) joins anew',
    (fault) => {
      for (const events of [[faulted('join', fault)], [joined(3), faulted('sync', fault)]]) {
        const { member, done } = run(START, ...events)
        expect([member.generation, done]).toEqual([-1, ['revoke']])
        expect(run(START, ...events, REVOKED).done).toEqual(['join'])
      }
      const idAfter = run(START, joined(3), faulted('sync', fault)).member.memberId
      expect(idAfter).toBe(fault === 'ILLEGAL_GENERATION' ? 'me' : '')
    },
  )

  test('joins again when the group rebalances before it has synced', () => {
    expect(run(START, joined(1), faulted('sync', 'REBALANCE_IN_PROGRESS')).done).toEqual(['join'])
  })
})

describe('a rebalance', () => {
  const rebalance = faulted('heartbeat', 'REBALANCE_IN_PROGRESS')

  test('of an eager group: all is given up before the member joins', () => {
    const { effects, member } = run(...stable(false), rebalance)
    expect(effects).toEqual([revocation(false, 0, 1)])
    expect(member.owned).toEqual([])
    expect(run(...stable(false), rebalance, REVOKED).done).toEqual(['join'])
  })

  test('of a cooperative group: all is kept, and only what moves is given up', () => {
    expect(run(...stable(), rebalance).done).toEqual(['join'])
    const moved = [...stable(), rebalance, joined(2), synced(1, 2)]
    expect(run(...moved).effects).toEqual([
      { do: 'begin', partitions: parts(2), generation: 2 },
      revocation(false, 0),
    ])
    expect(run(...moved).member.owned).toEqual(parts(1, 2))
    expect(run(...moved, REVOKED).done).toEqual(['join'])
  })

  test('to the same assignment does nothing', () => {
    expect(run(...stable(), rebalance, joined(2), synced(0, 1)).effects).toEqual([])
  })

  test('of a group that became eager: what it kept is given up before it syncs', () => {
    const events = [...stable(), rebalance, joined(2, false)]
    expect(run(...events).effects).toEqual([revocation(false, 0, 1)])
    expect(run(...events, REVOKED).effects).toEqual([{ do: 'sync', joined: joinedAs(2) }])
  })

  test('is asked for by who sees that the assignment is outdated, when nothing is under way', () => {
    expect(run(...stable(), { name: 'outdated' }).done).toEqual(['join'])
    expect(run(START, joined(1), { name: 'outdated' }).done).toEqual([])
  })
})

describe('a member that the group has lost', () => {
  const [unknown, illegal] = [
    faulted('heartbeat', 'UNKNOWN_MEMBER_ID'),
    faulted('commit', 'ILLEGAL_GENERATION'),
  ]

  test('while stable gives up all as lost, and joins when that has ended', () => {
    for (const isCooperative of [true, false]) {
      expect(run(...stable(isCooperative), unknown).effects).toEqual([revocation(true, 0, 1)])
      expect(run(...stable(isCooperative), unknown).member).toMatchObject({ memberId: '', generation: -1 })
      expect(run(...stable(isCooperative), illegal).member).toMatchObject({
        memberId: 'me',
        generation: -1,
      })
      expect(run(...stable(isCooperative), illegal, REVOKED).done).toEqual(['join'])
    }
  })

  test('while it gives up a part gives up the rest as well', () => {
    const partly = [...stable(), { name: 'outdated' } as Event, joined(2), synced(1)]
    expect(run(...partly, unknown).effects).toEqual([revocation(true, 1)])
    expect(run(...partly, unknown, REVOKED).done).toEqual(['join'])
  })

  test('while it is joining leaves that join alone: its generation may be over', () => {
    const joining = [...stable(), { name: 'outdated' } as Event]
    expect(run(...joining, illegal).effects).toEqual([])
    expect(run(...joining, unknown).effects).toEqual([revocation(true, 0, 1)])
    expect(run(...joining, unknown, joined(2)).effects).toEqual([])
  })
})

describe('a member that stops', () => {
  test.each<[string, Event[], number[]]>([
    ['before it started', [], []],
    ['joining', [START], []],
    ['waiting', [START, faulted('join', 'CONNECTION')], []],
    ['syncing', [START, joined(1)], []],
    ['stable', stable(), [0, 1]],
    ['lost', [...stable(), faulted('heartbeat', 'UNKNOWN_MEMBER_ID'), REVOKED], []],
    ['giving up a part', [...stable(), { name: 'outdated' }, joined(2), synced(1)], [1]],
  ])('while %s ends its work, then leaves', (_, events, owned) => {
    expect(run(...events, STOP).effects).toEqual([revocation(false, ...owned)])
    expect(run(...events, STOP, REVOKED).done).toEqual(['leave'])
    for (const late of [joined(7), synced(5), START, { name: 'retry' } as Event])
      expect(run(...events, STOP, late).effects).toEqual([])
    const left = [...events, STOP, REVOKED, { name: 'left' } as Event]
    expect(run(...left).done).toEqual(['end'])
    expect(run(...left, STOP).effects).toEqual([])
  })

  test('while it gives up all waits for that only', () => {
    const revoking = [...stable(false), faulted('heartbeat', 'REBALANCE_IN_PROGRESS')]
    expect(run(...revoking, STOP).effects).toEqual([])
    expect(run(...revoking, STOP, REVOKED).done).toEqual(['leave'])
  })

  test('and is lost meanwhile leaves without joining', () => {
    const unknown = faulted('heartbeat', 'UNKNOWN_MEMBER_ID')
    expect(run(...stable(), STOP, unknown).effects).toEqual([])
    expect(run(...stable(), STOP, unknown, REVOKED).done).toEqual(['leave'])
    expect(run(...stable(), STOP, REVOKED, unknown).effects).toEqual([])
  })
})

test.each(['GROUP_AUTHORIZATION_FAILED', 'FENCED_INSTANCE_ID'])(
  '%s is the end, whenever it comes',
  (fault) => {
    for (const events of [[START], [START, joined(1)], stable(), [...stable(), STOP]]) {
      expect(run(...events, faulted('heartbeat', fault)).effects).toEqual([{ do: 'fail', fault }])
      expect(run(...events, faulted('heartbeat', fault), STOP).effects).toEqual([])
    }
  },
)

describe('whatever happens, in whatever order', () => {
  const faults = [
    'MEMBER_ID_REQUIRED',
    'UNKNOWN_MEMBER_ID',
    'ILLEGAL_GENERATION',
    'REBALANCE_IN_PROGRESS',
    'CONNECTION',
  ]
  const requests = ['join', 'sync', 'heartbeat', 'commit'] as const
  const simple = ['start', 'retry', 'revoked', 'outdated'] as const
  const event: fc.Arbitrary<Event> = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...simple).map((name) => ({ name })) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.nat(50), fc.boolean(), fc.constantFrom('me', 'other'))
        .map(([generation, isCooperative, leaderId]) => ({
          ...{ name: 'joined' as const, joined: joinedAs(generation, 'me', leaderId), isCooperative },
        })),
    },
    { weight: 4, arbitrary: fc.subarray([0, 1, 2, 3, 4]).map((numbers) => synced(...numbers)) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom(...requests), fc.constantFrom(...faults))
        .map(([request, fault]) => faulted(request, fault)),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Event>(
        STOP,
        { name: 'left' },
        faulted('join', 'GROUP_AUTHORIZATION_FAILED'),
      ),
    },
  )

  test('partitions begin and end in turns, and nothing is joined before what was given up has ended', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 300, size: 'max' }), (events) => {
        let member = NEW_MEMBER
        const begun = new Set<string>()
        /** As the driver counts: all that was given up has ended at `revoked`. */
        let isEnding = false
        let isJoining = false
        let isOver = false
        for (const each of events) {
          // The driver tells of ends that there are, and of an answer to a request only.
          if (each.name === 'revoked' && !isEnding) continue
          if (each.name === 'left' && member.phase.name !== 'leaving') continue
          const before = member
          const { member: next, effects } = step(member, each)
          member = next
          if (each.name === 'revoked') isEnding = false
          if (each.name === 'joined' || each.name === 'faulted') isJoining = false
          if (isOver) expect(effects).toEqual([])
          for (const effect of effects) {
            if (effect.do === 'begin') {
              expect(each.name).toBe('synced')
              for (const of of effect.partitions) {
                expect(begun.has(keyOf(of))).toBe(false)
                begun.add(keyOf(of))
              }
            } else if (effect.do === 'revoke') {
              for (const of of effect.partitions) expect(begun.delete(keyOf(of))).toBe(true)
              isEnding = true
            } else if (effect.do === 'join') {
              expect([isEnding, isJoining]).toEqual([false, false])
              isJoining = true
            } else if (effect.do === 'sync' || effect.do === 'leave') expect(isEnding).toBe(false)
            else if (effect.do === 'end' || effect.do === 'fail') isOver = true
          }
          expect(new Set(member.owned.map(keyOf))).toEqual(begun)
          if (before.phase.name === 'joining' && member.phase.name !== 'joining') isJoining = false
        }
      }),
      { numRuns: 300 },
    )
  })
})
