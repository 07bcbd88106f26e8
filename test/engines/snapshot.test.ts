import { expect, test } from '@jest/globals'
import { createKafka, withAdmin } from '../../kafka/client.ts'
import { fencingProducer } from '../../kafka/transactions.ts'
import { brokers, createTopic, eventually, readCommitted, settings, unique } from './harness.ts'

const kafka = createKafka(settings.kafka, 'test')
const logger = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} }
const producerOf = (name: string) => fencingProducer(settings.kafka, 'test', unique(name), logger)

// A Kafka that had no group yet refuses the question at first.
const isBeingRead = (topic: string) =>
  withAdmin(kafka, brokers, async (admin) => {
    const { groups } = await admin.listGroups()
    return groups.some(({ groupId }) => groupId.startsWith(`${topic}-read-`))
  }).catch(() => false)

test('what was committed beside an older open transaction is read, once that one is over', async () => {
  const topic = unique('snapshot')
  await createTopic(topic)
  const slow = await producerOf('slow')
  const quick = await producerOf('quick')
  try {
    const open = await slow.transaction()
    await open.send({ topic, messages: [{ key: 'slow', value: 'never committed' }] })
    const brief = await quick.transaction()
    await brief.send({ topic, messages: [{ key: 'quick', value: 'committed' }] })
    await brief.commit()
    const reading = readCommitted(topic)
    await Promise.race([eventually('the topic is being read', () => isBeingRead(topic)), reading])
    await open.abort()
    expect((await reading).map(({ key, value }) => ({ key, value }))).toEqual([
      { key: 'quick', value: 'committed' },
    ])
  } finally {
    await Promise.all([slow.disconnect(), quick.disconnect()])
  }
})
