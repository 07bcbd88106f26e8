import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createKafka, withAdmin } from '../../kafka/client.ts'
import { type KafkaSettings } from '../../kafka/config.ts'
import { isFenced } from '../../kafka/errors.ts'
import { committedOffsets } from '../../kafka/offsets.ts'
import { fencingProducer, writeTogether } from '../../kafka/transactions.ts'
import { brokers, createTopic, settings, unique } from './harness.ts'
import { type OwnKafka, startOwnKafka } from './own-kafka.ts'
import { read } from './read.ts'

const newTopic = async (config: Record<string, string> = {}): Promise<string> => {
  const topic = unique('transactions')
  await createTopic(topic, 3, config)
  return topic
}
const producer = (id: string) => fencingProducer(settings.kafka, 'test', id)
const values = async (topic: string) => (await read(topic)).map(({ record }) => String(record.value)).sort()

test('a new owner fences the old one, and what that had begun is never seen', async () => {
  const topic = await newTopic()
  const old = await producer(topic)
  await writeTogether(old, [{ topic, messages: [{ value: 'first' }] }])
  const open = await old.transaction()
  await open.write([{ topic, value: 'never' }])
  const next = await producer(topic)
  const fenced = await open.commit().catch((error: unknown) => error)
  expect(isFenced(fenced)).toBe(true)
  await writeTogether(next, [{ topic, messages: [{ value: 'second' }] }])
  const late = await writeTogether(old, [{ topic, messages: [{ value: 'zombie' }] }]).catch((error) => error)
  expect(late).toBeInstanceOf(Error)
  expect(await values(topic)).toEqual(['first', 'second'])
  await Promise.all([old.disconnect(), next.disconnect()])
})

test('who writes when it is fenced is told so at once', async () => {
  const topic = await newTopic()
  const old = await producer(topic)
  const next = await producer(topic)
  const beforeMs = Date.now()
  const error = await writeTogether(old, [{ topic, messages: [{ value: 'zombie' }] }]).catch((each) => each)
  expect(isFenced(error)).toBe(true)
  expect(Date.now() - beforeMs).toBeLessThan(5_000)
  expect(await values(topic)).toEqual([])
  await Promise.all([old.disconnect(), next.disconnect()])
})

test('records, and where a group stands, one after the other without a pause', async () => {
  const topic = await newTopic()
  const own = await producer(topic)
  for (let round = 1; round <= 20; round++) {
    const progress = { groupId: topic, topic, partition: 1, nextOffset: BigInt(round) }
    await writeTogether(own, round % 5 === 0 ? [] : [{ topic, messages: [{ value: `${round}` }] }], progress)
  }
  await writeTogether(own, [])
  await own.disconnect()
  expect(await values(topic)).toHaveLength(16)
  const committed = await withAdmin(createKafka(settings.kafka, 'test'), brokers, (admin) =>
    committedOffsets(admin, topic, topic),
  )
  expect(committed).toEqual(new Map([[1, 20n]]))
})

test('2,000 records that take many batches are seen together, or none of them', async () => {
  const topic = await newTopic({ 'max.message.bytes': '50000' })
  const own = await producer(topic)
  const messages = Array.from({ length: 2_000 }, (_, index) => ({
    ...{ key: `source-${index}`, value: `${index} ${randomBytes(500).toString('hex')}` },
  }))
  await writeTogether(own, [{ topic, messages }])
  expect(await values(topic)).toEqual(messages.map(({ value }) => value).sort())
  const withTooLarge = [...messages, { key: 'large', value: randomBytes(60_000) }]
  await expect(writeTogether(own, [{ topic, messages: withTooLarge }])).rejects.toMatchObject({
    type: 'MESSAGE_TOO_LARGE',
  })
  expect(await values(topic)).toHaveLength(2_000)
  await own.disconnect()
})

test('aborted ones that overlap are never seen', async () => {
  const topic = await newTopic()
  const producers = await Promise.all([1, 2, 3].map((each) => producer(`${topic}-${each}`)))
  for (let round = 0; round < 3; round++) {
    const transactions = await Promise.all(producers.map((each) => each.transaction()))
    for (const each of [...transactions, ...transactions]) await each.write([{ topic, value: 'aborted' }])
    for (const each of transactions.reverse()) await each.abort()
  }
  await writeTogether(producers[0] as Awaited<ReturnType<typeof producer>>, [
    { topic, messages: [{ value: 'committed' }] },
  ])
  expect(await values(topic)).toEqual(['committed'])
  await Promise.all(producers.map((each) => each.disconnect()))
})

describe('kill -9 of the broker', () => {
  let kafka: OwnKafka
  let where: KafkaSettings
  beforeAll(async () => {
    kafka = await startOwnKafka()
    where = { ...settings.kafka, KAFKA_BROKERS: [kafka.broker] }
  }, 90_000)
  afterAll(() => kafka.close())

  test('in the middle of transactions: who takes over goes on where they stand, and nothing is there twice', async () => {
    const topic = 'killed'
    const admin = <Result>(use: Parameters<typeof withAdmin<Result>>[2]) =>
      withAdmin(createKafka(where, 'test'), [kafka.broker], use)
    await createTopic(topic, 1, {}, where)
    const groupId = 'killed-group'
    let isWriting = true
    let next = 0
    const writing = (async () => {
      while (isWriting) {
        const own = await fencingProducer(where, 'test', topic)
        try {
          const committed = await admin((asked) => committedOffsets(asked, groupId, topic))
          next = Number(committed.get(0) ?? 0n)
          while (isWriting) {
            const messages = Array.from({ length: 50 }, (_, index) => ({ value: String(next + index) }))
            const progress = { groupId, topic, partition: 0, nextOffset: BigInt(next + 50) }
            await writeTogether(own, [{ topic, messages }], progress)
            next += 50
          }
        } catch (error) {
          // The transaction's own time may end before the broker is back.
          if (!isWriting) throw error
        } finally {
          await own.disconnect()
        }
      }
    })()
    for (let round = 0; round < 2; round++) {
      await sleep(1_500)
      await kafka.kill()
      await kafka.start()
    }
    await sleep(3_000)
    isWriting = false
    await writing
    const found = (await read(topic, where)).map(({ record }) => Number(record.value))
    expect(found.length).toBeGreaterThan(100)
    expect(found).toEqual([...Array(next).keys()])
  }, 180_000)
})
