import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createWriter } from '../../../kafka/writer/writer.ts'
import {
  type Event,
  FIRST,
  numbered,
  randomBytes,
  simulatedClock,
  simulatedKafka,
  texts,
  writerTo,
} from './simulation.ts'

describe('through every fault', () => {
  const event = fc.constantFrom<Event[]>(
    'fine',
    'request lost',
    'answer lost',
    'timed out',
    'moved',
    'leaderless',
  )
  const place = fc.record({ topic: fc.constantFrom('a', 'b'), partition: fc.nat({ max: 2 }) })
  const write = fc.array(place, { minLength: 1, maxLength: 12, size: 'max' })

  test('each record is in Kafka once, and those of a partition are in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 10 }),
        fc.array(write, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        async (events, writes, oneByOne) => {
          const { writer, read } = writerTo({ topics: { a: 3, b: 3 }, events })
          const written = new Map<string, string[]>()
          let number = 0
          const calls: Promise<unknown>[] = []
          for (const places of writes) {
            const records = places.map((each) => ({ ...each, value: String(number++) }))
            for (const { topic, partition, value } of records) {
              const key = `${topic} ${partition}`
              written.set(key, [...(written.get(key) ?? []), value])
            }
            const call = writer.write(records)
            calls.push(call)
            if (oneByOne) await call
          }
          await Promise.all(calls)
          for (const [key, values] of written) {
            const [topic = '', partition] = key.split(' ')
            expect(texts(await read(topic, Number(partition)))).toEqual(values)
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  test('a partition that takes nothing for a minute rejects, and the records after it are written', async () => {
    const events = Array.from({ length: 100 }, () => 'request lost' as const)
    const clock = simulatedClock()
    const kafka = simulatedKafka({ topics: { t: 1 }, events })
    const writer = createWriter(kafka.calls, FIRST, clock)
    const before = clock.now()
    await expect(writer.write(numbered(2))).rejects.toThrow('lost')
    expect(clock.now() - before).toBeGreaterThanOrEqual(60_000)
    expect(clock.now() - before).toBeLessThan(65_000)
    events.length = 0
    await writer.write([{ topic: 't', value: 'after' }])
    expect(texts(await kafka.read('t', 0))).toEqual(['after'])
  })

  test('a batch that was given up and is in Kafka does not swallow the next one of its size', async () => {
    const events = Array.from({ length: 100 }, () => 'answer lost' as const)
    const { writer, read } = writerTo({ topics: { t: 1 }, events })
    await expect(writer.write([{ topic: 't', value: 'given up' }])).rejects.toThrow('lost')
    events.length = 0
    await writer.write([{ topic: 't', value: 'next' }])
    expect(texts(await read('t', 0))).toEqual(['given up', 'next'])
  })

  test('a broker that has forgotten the producer takes the records under a new id', async () => {
    const { writer, read, forget } = writerTo({ topics: { t: 1 } })
    await writer.write(numbered(3))
    forget()
    await writer.write(numbered(3))
    expect(texts(await read('t', 0))).toEqual(['0', '1', '2', '0', '1', '2'])
  })

  test('a topic that is not there rejects after the patience, with Kafka’s error', async () => {
    const { writer } = writerTo({ topics: {} })
    await expect(writer.write(numbered(1))).rejects.toMatchObject({ type: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })

  test('a topic that is deleted is told of, and others are written to meanwhile', async () => {
    const topics: Record<string, number> = { t: 1, other: 1 }
    const { writer, read } = writerTo({ topics })
    await writer.write(numbered(1))
    delete topics.t
    const waiting = writer.write(numbered(1))
    await writer.write([{ topic: 'other', value: 'a' }])
    expect(texts(await read('other', 0))).toEqual(['a'])
    await expect(waiting).rejects.toMatchObject({ type: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })

  test('what is a defect is thrown as it is, at once', async () => {
    const { calls } = simulatedKafka({ topics: { t: 1 } })
    const defect = new TypeError('x is not a function')
    const writer = createWriter({ ...calls, produce: () => Promise.reject(defect) }, FIRST, simulatedClock())
    await expect(writer.write(numbered(1))).rejects.toBe(defect)
  })

  test('a writer that is closed rejects what is under way and what comes', async () => {
    const { calls } = simulatedKafka({ topics: { t: 1 } })
    const writer = createWriter({ ...calls, produce: () => new Promise(() => {}) }, FIRST, simulatedClock())
    const underWay = writer.write(numbered(1))
    await new Promise((resolve) => setImmediate(resolve))
    writer.close()
    await expect(underWay).rejects.toThrow('closed')
    await expect(writer.write(numbered(1))).rejects.toThrow('closed')
  })
})

describe('requests', () => {
  test('64 partitions and 2,000 records go in one, with one batch for each partition', async () => {
    const { writer, requests } = writerTo({ topics: { t: 64 } })
    const records = Array.from({ length: 2_000 }, () => ({ topic: 't', value: 'v'.repeat(300) }))
    const { stored } = await writer.write(records)
    expect(requests.map((batches) => batches.length)).toEqual([64])
    expect(stored.map(({ partition }) => partition).sort((a, b) => a - b)).toEqual([...Array(64).keys()])
    expect(stored.every(({ offset }) => offset === 0n)).toBe(true)
  })

  test('2,000 calls that hand over one record each go in few', async () => {
    const { writer, requests, read } = writerTo({ topics: { t: 1 } })
    await Promise.all(numbered(2_000).map((record) => writer.write([record])))
    expect(requests.length).toBeLessThan(5)
    expect(texts(await read('t', 0))).toEqual(numbered(2_000).map(({ value }) => value))
  })

  test('a request is bounded, and each partition has its turn', async () => {
    const { writer, requests } = writerTo({ topics: { t: 64 } })
    const value = randomBytes(1_000_000)
    await writer.write(Array.from({ length: 64 }, (_, partition) => ({ topic: 't', partition, value })))
    expect(requests.map((batches) => batches.length)).toEqual(Array(8).fill(8))
  })
})
