import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  type Assignment,
  type AssignmentMember,
  assign,
  withoutOwned,
} from '../../../kafka/consumer/assign.ts'
import { keyOf, type TopicPartition } from '../../../kafka/consumer/partitions.ts'

const TOPICS = ['a', 'b', 'c', 'd']
const counts = fc
  .tuple(...TOPICS.map(() => fc.nat(40)))
  .map((each) => new Map(TOPICS.map((topic, index) => [topic, each[index] ?? 0] as const)))
const owned = fc.array(fc.record({ topic: fc.constantFrom(...TOPICS), partition: fc.nat(45) }), {
  maxLength: 40,
  size: '+1',
})
const members = fc
  .array(
    fc.record({
      topics: fc.subarray(TOPICS, { minLength: 1 }),
      owned,
      generation: fc.integer({ min: -1, max: 5 }),
    }),
    { minLength: 1, maxLength: 12, size: '+1' },
  )
  .map((all) =>
    all.map((subscription, index) => ({ memberId: `m${String(index).padStart(2, '0')}`, subscription })),
  )

const named = (...ids: string[]): AssignmentMember[] =>
  ids.map((memberId) => ({ memberId, subscription: { topics: TOPICS, owned: [], generation: -1 } }))
/** The members as they join after such an assignment. */
const holding = (
  all: readonly AssignmentMember[],
  shares: Assignment,
  generation: number,
): AssignmentMember[] =>
  all.map(({ memberId, subscription: { topics } }) => ({
    ...{ memberId, subscription: { topics, owned: shares.get(memberId) ?? [], generation } },
  }))
const keys = (share: readonly TopicPartition[] | undefined): string[] => (share ?? []).map(keyOf).sort()
const asText = (shares: Assignment): unknown =>
  [...shares].map(([id, share]) => [id, keys(share)]).sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))
const shuffled = <Each>(all: readonly Each[], seed: number): Each[] =>
  all
    .map((each, index) => ({ each, at: Math.sin(seed + index) }))
    .sort((a, b) => a.at - b.at)
    .map(({ each }) => each)

describe('an assignment', () => {
  test('gives each partition of a topic that somebody subscribes to once, to one who does', () =>
    fc.assert(
      fc.property(members, counts, (all, partitions) => {
        const shares = assign(all, partitions)
        const wanted = new Set(all.flatMap(({ subscription }) => subscription.topics))
        const expected = [...partitions].flatMap(([topic, count]) =>
          wanted.has(topic)
            ? Array.from({ length: count }, (_, partition) => keyOf({ topic, partition }))
            : [],
        )
        expect([...shares.values()].flat().map(keyOf).sort()).toEqual(expected.sort())
        for (const { memberId, subscription } of all)
          for (const { topic } of shares.get(memberId) ?? []) expect(subscription.topics).toContain(topic)
      }),
    ))

  test('spreads each topic evenly', () =>
    fc.assert(
      fc.property(members, counts, (all, partitions) => {
        const shares = assign(all, partitions)
        for (const topic of TOPICS) {
          const sizes = all
            .filter(({ subscription }) => subscription.topics.includes(topic))
            .map(({ memberId }) => (shares.get(memberId) ?? []).filter((each) => each.topic === topic).length)
          if (sizes.length > 0) expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
        }
      }),
    ))

  test('spreads all topics evenly over members that subscribe to the same', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), counts, (size, partitions) => {
        const shares = assign(named(...Array.from({ length: size }, (_, index) => `m${index}`)), partitions)
        const sizes = [...shares.values()].map((share) => share.length)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
      }),
    ))

  test('is the same in whatever order members and topics come', () =>
    fc.assert(
      fc.property(members, counts, fc.nat(), (all, partitions, seed) => {
        const other = assign(shuffled(all, seed), new Map(shuffled([...partitions], seed)))
        expect(asText(other)).toEqual(asText(assign(all, partitions)))
      }),
    ))

  test('stays as it is while the group does', () =>
    fc.assert(
      fc.property(members, counts, (all, partitions) => {
        const shares = assign(all, partitions)
        expect(asText(assign(holding(all, shares, 6), partitions))).toEqual(asText(shares))
      }),
    ))

  test('of one topic moves to a new member just its share, and back nothing but that', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(200), (size, count) => {
        const partitions = new Map([['a', count]])
        const old = named(...Array.from({ length: size }, (_, index) => `m${String(index).padStart(2, '0')}`))
        const before = assign(old, partitions)
        const all = [...holding(old, before, 1), ...named('new')]
        const now = assign(all, partitions)
        const moved = old.flatMap(({ memberId }) => {
          const kept = new Set(keys(now.get(memberId)))
          return keys(before.get(memberId)).filter((key) => !kept.has(key))
        })
        expect(moved.sort()).toEqual(keys(now.get('new')))
        const after = assign(holding(old, now, 2), partitions)
        for (const { memberId } of old)
          expect(keys(after.get(memberId))).toEqual(expect.arrayContaining(keys(now.get(memberId))))
      }),
    ))
})

describe('in a cooperative group', () => {
  test('nobody is given what another one owns by the newest claim', () =>
    fc.assert(
      fc.property(members, counts, (all, partitions) => {
        const shares = withoutOwned(assign(all, partitions), all)
        for (const [memberId, share] of shares)
          for (const each of share) {
            const claims = all.filter(({ subscription }) =>
              subscription.owned.some((own) => keyOf(own) === keyOf(each)),
            )
            const newest = Math.max(...claims.map(({ subscription }) => subscription.generation))
            const isOthers = claims.every(
              (claim) => claim.memberId !== memberId || claim.subscription.generation < newest,
            )
            expect(claims.length > 0 && isOthers).toBe(false)
          }
      }),
    ))

  test('a group has its even assignment within three generations', () =>
    fc.assert(
      fc.property(members, counts, (all, partitions) => {
        let now: readonly AssignmentMember[] = all
        const rounds: unknown[] = []
        for (let round = 0; round < 4; round++) {
          const shares = withoutOwned(assign(now, partitions), now)
          rounds.push(asText(shares))
          now = holding(now, shares, 6 + round)
        }
        expect(rounds[3]).toEqual(rounds[2])
        expect(rounds[2]).toEqual(asText(assign(now, partitions)))
      }),
    ))
})
