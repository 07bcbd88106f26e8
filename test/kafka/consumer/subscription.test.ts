import { expect, test } from '@jest/globals'
import { countsOf, sameCounts, topicsIn } from '../../../kafka/consumer/subscription.ts'

const topic = (partitions: number, isInternal = false) => ({
  ...{ errorCode: 0, isInternal },
  partitions: Array.from({ length: partitions }, (_, partition) => ({ partition, leader: 1 })),
})
const metadata = {
  controllerId: 1,
  topics: new Map([
    ['logs.b', topic(2)],
    ['logs.a', topic(3)],
    ['__consumer_offsets', topic(50, true)],
    ['other', topic(0)],
  ]),
}

test('topics by name are those, whether they exist or not', () =>
  expect(topicsIn({ names: ['other', 'missing'] }, metadata)).toEqual(['other', 'missing']))

test('topics by pattern are those that there are, in one order, and no internal ones', () => {
  const fitting = (pattern: RegExp, ...names: string[]) =>
    topicsIn({ names, fits: (name) => pattern.test(name) }, metadata)
  expect(fitting(/logs|consumer/)).toEqual(['logs.a', 'logs.b'])
  expect(fitting(/^nothing/)).toEqual([])
  expect(fitting(/logs/, 'missing', 'logs.b')).toEqual(['missing', 'logs.b', 'logs.a'])
})

test('a topic that does not exist, or has no partitions yet, has no count', () =>
  expect([...countsOf(['logs.a', 'other', 'missing'], metadata)]).toEqual([['logs.a', 3]]))

test('counts are compared whatever their order', () => {
  const [a, b] = [['a', 1] as const, ['b', 2] as const]
  expect(sameCounts(new Map([a, b]), new Map([b, a]))).toBe(true)
  for (const other of [[a], [a, ['b', 3] as const], [a, ['c', 2] as const], []])
    expect(sameCounts(new Map([a, b]), new Map(other))).toBe(false)
})
