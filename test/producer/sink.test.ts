import { describe, expect, test } from '@jest/globals'
import kafkajs from 'kafkajs'
import { type Producer } from '../../kafka/client.ts'
import { createSink } from '../../producer/sink.ts'

type Batch = { topicMessages: { topic: string; messages: { value: string }[] }[]; compression: number }

/** A producer whose batches are acknowledged when the test says so, or at once. */
function fakeProducer(acknowledges: 'at once' | 'when told' = 'at once') {
  const batches: Record<string, string[]>[] = []
  const compressions = new Set<number>()
  const waiting: { acknowledge: () => void; fail: (error: Error) => void }[] = []
  const sendBatch = ({ topicMessages, compression }: Batch): Promise<void> => {
    batches.push(
      Object.fromEntries(
        topicMessages.map(({ topic, messages }) => [topic, messages.map(({ value }) => value)]),
      ),
    )
    compressions.add(compression)
    if (acknowledges === 'at once') return Promise.resolve()
    return new Promise((acknowledge, fail) => waiting.push({ acknowledge, fail }))
  }
  return { producer: { sendBatch } as unknown as Producer, batches, compressions, waiting }
}

/** Lets everything run that waits for nothing. */
const settled = () => new Promise((resolve) => setImmediate(resolve))
/** Whether a promise has come to its end by now. */
async function stateOf(promise: Promise<void> | undefined): Promise<string> {
  let state = 'pending'
  promise?.then(
    () => {
      state = 'resolved'
    },
    (error: Error) => {
      state = `rejected: ${error.message}`
    },
  )
  await settled()
  return state
}

describe('a batch', () => {
  test('is sent when it holds enough bytes, whichever topics they are for', async () => {
    const { producer, batches, compressions } = fakeProducer()
    const sink = createSink(producer, 100, 1_000, () => 0)
    expect(sink.add('logs', { value: 'a' }, 40)).toBeUndefined()
    expect(sink.add('rejected', { value: 'b' }, 59)).toBeUndefined()
    expect(batches).toEqual([])
    await sink.add('logs', { value: 'c' }, 1)
    expect(batches).toEqual([{ logs: ['a', 'c'], rejected: ['b'] }])
    expect(sink.add('logs', { value: 'd' }, 99)).toBeUndefined()
    expect([...compressions]).toEqual([kafkajs.CompressionTypes.LZ4])
  })

  test('is sent when its oldest record has waited long enough', async () => {
    const { producer, batches } = fakeProducer()
    let nowMs = 5_000
    const sink = createSink(producer, 1_000_000, 100, () => nowMs)
    expect(sink.add('logs', { value: 'a' }, 1)).toBeUndefined()
    nowMs += 99
    expect(sink.add('logs', { value: 'b' }, 1)).toBeUndefined()
    nowMs += 1
    await sink.add('logs', { value: 'c' }, 1)
    expect(batches).toEqual([{ logs: ['a', 'b', 'c'] }])
    nowMs += 99
    expect(sink.add('logs', { value: 'd' }, 1)).toBeUndefined()
  })

  test('with a linger of 0 is every record', async () => {
    const { producer, batches } = fakeProducer()
    const sink = createSink(producer, 1_000_000, 0, () => 0)
    await sink.add('logs', { value: 'a' }, 1)
    await sink.add('logs', { value: 'b' }, 1)
    expect(batches).toEqual([{ logs: ['a'] }, { logs: ['b'] }])
  })

  test('is the only one under way: the next one waits for it', async () => {
    const { producer, batches, waiting } = fakeProducer('when told')
    const sink = createSink(producer, 10, 1_000, () => 0)
    expect(await stateOf(sink.add('logs', { value: 'a' }, 10))).toBe('resolved')
    const second = sink.add('logs', { value: 'b' }, 10)
    expect(await stateOf(second)).toBe('pending')
    expect(batches).toEqual([{ logs: ['a'] }])
    waiting[0]?.acknowledge()
    expect(await stateOf(second)).toBe('resolved')
    expect(batches).toEqual([{ logs: ['a'] }, { logs: ['b'] }])
  })
})

describe('flush', () => {
  test('sends what is there and waits until it is acknowledged', async () => {
    const { producer, batches, waiting } = fakeProducer('when told')
    const sink = createSink(producer, 1_000, 1_000, () => 0)
    sink.add('logs', { value: 'a' }, 1)
    const flushed = sink.flush()
    expect(await stateOf(flushed)).toBe('pending')
    expect(batches).toEqual([{ logs: ['a'] }])
    waiting[0]?.acknowledge()
    expect(await stateOf(flushed)).toBe('resolved')
  })

  test('waits for the batch before too', async () => {
    const { producer, waiting } = fakeProducer('when told')
    const sink = createSink(producer, 10, 1_000, () => 0)
    await sink.add('logs', { value: 'a' }, 10)
    const flushed = sink.flush()
    expect(await stateOf(flushed)).toBe('pending')
    waiting[0]?.acknowledge()
    expect(await stateOf(flushed)).toBe('resolved')
  })

  test('of nothing sends nothing', async () => {
    const { producer, batches } = fakeProducer()
    await createSink(producer, 10, 0, () => 0).flush()
    expect(batches).toEqual([])
  })
})

describe('an error of Kafka', () => {
  test('rejects the next record that needs a batch', async () => {
    const { producer, waiting } = fakeProducer('when told')
    const sink = createSink(producer, 10, 1_000, () => 0)
    await sink.add('logs', { value: 'a' }, 10)
    waiting[0]?.fail(new Error('broker is gone'))
    await settled()
    expect(sink.add('logs', { value: 'b' }, 1)).toBeUndefined()
    expect(await stateOf(sink.add('logs', { value: 'c' }, 9))).toBe('rejected: broker is gone')
  })

  test('rejects the flush', async () => {
    const { producer, waiting } = fakeProducer('when told')
    const sink = createSink(producer, 1_000, 1_000, () => 0)
    sink.add('logs', { value: 'a' }, 1)
    const flushed = sink.flush()
    await settled()
    waiting[0]?.fail(new Error('broker is gone'))
    expect(await stateOf(flushed)).toBe('rejected: broker is gone')
  })
})
