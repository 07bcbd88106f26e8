import { expect, test } from '@jest/globals'
import { withCalls } from '../../kafka/client.ts'
import { type Calls } from '../../kafka/consumer/calls.ts'
import { readToEnd } from '../../kafka/snapshot.ts'
import { fencingProducer } from '../../kafka/transactions.ts'
import { createTopic, eventually, settings, unique } from './harness.ts'

const producerOf = (name: string) => fencingProducer(settings.kafka, 'test', unique(name))

test('what was committed beside an older open transaction is read, once that one is over', async () => {
  const topic = unique('snapshot')
  await createTopic(topic)
  const slow = await producerOf('slow')
  const quick = await producerOf('quick')
  try {
    const open = await slow.transaction()
    await open.write([{ topic, key: 'slow', value: 'never committed' }])
    const brief = await quick.transaction()
    await brief.write([{ topic, key: 'quick', value: 'committed' }])
    await brief.commit()
    const found: string[] = []
    await withCalls(settings.kafka, 'test', async (calls) => {
      let fetches = 0
      const counted: Calls = {
        ...calls,
        fetch: async (...request) => {
          const answer = await calls.fetch(...request)
          fetches++
          return answer
        },
      }
      const reading = readToEnd(counted, topic, ({ key, value }) => void found.push(`${key} ${value}`))
      await Promise.race([eventually('the topic is being read', async () => fetches > 1), reading])
      expect(found).toEqual([])
      await open.abort()
      await reading
    })
    expect(found).toEqual(['quick committed'])
  } finally {
    await Promise.all([slow.disconnect(), quick.disconnect()])
  }
})
