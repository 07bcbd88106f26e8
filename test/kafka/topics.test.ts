import { describe, expect, test } from '@jest/globals'
import { type Admin } from '../../kafka/client.ts'
import { ensureTopics, TOPICS } from '../../kafka/topics.ts'
import { TOPIC } from '../../log/names.ts'

describe('the table of topics', () => {
  test('names are unique, and are those of the list of names', () => {
    const names = TOPICS.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(Object.values(TOPIC)).toContain(name)
    expect(names).toEqual(expect.arrayContaining([TOPIC.logs, TOPIC.rejected, TOPIC.deadLetters]))
  })

  test.each(TOPICS)('$name: whole positive numbers, each with a reason', (spec) => {
    const hours = spec.retention === 'latest by key' ? 1 : spec.retention.hours
    for (const value of [spec.partitions, hours, spec.segmentMegabytes]) {
      expect(Number.isInteger(value)).toBe(true)
      expect(value).toBeGreaterThan(0)
    }
    const reasons = [spec.partitionsReason, spec.retentionReason, spec.segmentReason, spec.compressionReason]
    for (const reason of reasons) expect(reason.length).toBeGreaterThan(10)
    // Kafka's segment.bytes is an int32.
    expect(spec.segmentMegabytes).toBeLessThan(2048)
  })
})

type Created = { topic: string; numPartitions: number; configEntries: { name: string; value: string }[] }

function fakeAdmin(
  existing: string[],
  failure?: unknown,
  metadata: (number | Error)[] = [1],
): { admin: Admin; created: Created[]; asked: () => number } {
  const created: Created[] = []
  const answers = [...metadata]
  let questions = 0
  const admin = {
    listTopics: async () => existing,
    fetchTopicMetadata: async () => {
      questions++
      const next = answers.length > 1 ? answers.shift() : answers[0]
      if (next instanceof Error) throw next
      return { topics: [{ partitions: [{ leader: next }] }] }
    },
    createTopics: async ({ topics }: { topics: Created[] }) => {
      if (failure !== undefined) throw failure
      created.push(...topics)
    },
  }
  return { admin: admin as unknown as Admin, created, asked: () => questions }
}

describe('ensureTopics', () => {
  test('creates what is missing with explicit settings, and leaves what is there', async () => {
    const { admin, created } = fakeAdmin([TOPIC.logs])
    await ensureTopics(admin, [TOPIC.logs, TOPIC.rejected], ['a:1'])
    expect(created).toEqual([
      {
        topic: TOPIC.rejected,
        numPartitions: 1,
        configEntries: [
          { name: 'cleanup.policy', value: 'delete' },
          { name: 'retention.ms', value: '1209600000' },
          { name: 'segment.bytes', value: '67108864' },
          { name: 'compression.type', value: 'lz4' },
        ],
      },
    ])
  })

  test('waits while the broker has not heard of the topic, and while it has no leader', async () => {
    const unknown = new Error('This server does not host this topic-partition')
    const { admin, asked } = fakeAdmin([], undefined, [unknown, -1, -1, 1])
    await ensureTopics(admin, [TOPIC.logs], ['a:1'])
    expect(asked()).toBe(4)
  })

  test('a topic that the user named is made like that of the logs', async () => {
    const { admin, created } = fakeAdmin([])
    await ensureTopics(admin, ['mine', TOPIC.logs], ['a:1'])
    const [mine, logs] = created
    expect(mine).toEqual({ ...logs, topic: 'mine' })
  })

  test('a topic of states keeps the latest of each key, however old', async () => {
    const { admin, created } = fakeAdmin([])
    await ensureTopics(admin, [TOPIC.incidentsState], ['a:1'])
    expect(created[0]?.configEntries.slice(0, 2)).toEqual([
      { name: 'cleanup.policy', value: 'compact' },
      { name: 'segment.bytes', value: '16777216' },
    ])
  })

  test('somebody who creates it at the same time is no error', async () => {
    const exists = Object.assign(new Error('exists'), { type: 'TOPIC_ALREADY_EXISTS' })
    const { admin } = fakeAdmin([], new AggregateError([exists]))
    await expect(ensureTopics(admin, [TOPIC.logs], ['a:1'])).resolves.toBeUndefined()
  })

  test('any other failure names the topic and the brokers', async () => {
    const denied = Object.assign(new Error('not allowed'), { type: 'TOPIC_AUTHORIZATION_FAILED' })
    const { admin } = fakeAdmin([], new AggregateError([denied], 'Topic creation errors'))
    await expect(ensureTopics(admin, [TOPIC.logs], ['a:1', 'b:2'])).rejects.toMatchObject({
      code: 'KAFKA_TOPIC_NOT_CREATED',
      message: expect.stringMatching(new RegExp(`${TOPIC.logs}.*a:1,b:2.*not allowed`)),
    })
  })
})
