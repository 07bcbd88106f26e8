import { describe, expect, test } from '@jest/globals'
import { type Writer, type WriterRecord } from '../../kafka/writer/writer.ts'
import { createSink } from '../../producer/sink.ts'

const NOTHING = { stored: [], refused: [] }

/** A writer whose batches are acknowledged when the test says so, or at once. */
function fakeWriter(acknowledges: 'at once' | 'when told' = 'at once') {
  const batches: string[][] = []
  const waiting: { acknowledge: () => void; fail: (error: Error) => void }[] = []
  const write: Writer['write'] = (records) => {
    batches.push(records.map(({ topic, value }) => `${topic}: ${value}`))
    if (acknowledges === 'at once') return Promise.resolve(NOTHING)
    return new Promise((acknowledge, fail) => {
      waiting.push({ acknowledge: () => acknowledge(NOTHING), fail })
    })
  }
  return { writer: { write }, batches, waiting }
}

const record = (value: string, topic = 'logs'): WriterRecord => ({ topic, value })

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
    const { writer, batches } = fakeWriter()
    const sink = createSink(writer, 100, 1_000, () => 0)
    expect(sink.add(record('a'), 40)).toBeUndefined()
    expect(sink.add(record('b', 'rejected'), 59)).toBeUndefined()
    expect(batches).toEqual([])
    await sink.add(record('c'), 1)
    expect(batches).toEqual([['logs: a', 'rejected: b', 'logs: c']])
    expect(sink.add(record('d'), 99)).toBeUndefined()
  })

  test('is sent when its oldest record has waited long enough', async () => {
    const { writer, batches } = fakeWriter()
    let nowMs = 5_000
    const sink = createSink(writer, 1_000_000, 100, () => nowMs)
    expect(sink.add(record('a'), 1)).toBeUndefined()
    nowMs += 99
    expect(sink.add(record('b'), 1)).toBeUndefined()
    nowMs += 1
    await sink.add(record('c'), 1)
    expect(batches).toEqual([['logs: a', 'logs: b', 'logs: c']])
    nowMs += 99
    expect(sink.add(record('d'), 1)).toBeUndefined()
  })

  test('with a linger of 0 is every record', async () => {
    const { writer, batches } = fakeWriter()
    const sink = createSink(writer, 1_000_000, 0, () => 0)
    await sink.add(record('a'), 1)
    await sink.add(record('b'), 1)
    expect(batches).toEqual([['logs: a'], ['logs: b']])
  })

  test('is the only one under way: the next one waits for it', async () => {
    const { writer, batches, waiting } = fakeWriter('when told')
    const sink = createSink(writer, 10, 1_000, () => 0)
    expect(await stateOf(sink.add(record('a'), 10))).toBe('resolved')
    const second = sink.add(record('b'), 10)
    expect(await stateOf(second)).toBe('pending')
    expect(batches).toEqual([['logs: a']])
    waiting[0]?.acknowledge()
    expect(await stateOf(second)).toBe('resolved')
    expect(batches).toEqual([['logs: a'], ['logs: b']])
  })
})

describe('flush', () => {
  test('sends what is there and waits until it is acknowledged', async () => {
    const { writer, batches, waiting } = fakeWriter('when told')
    const sink = createSink(writer, 1_000, 1_000, () => 0)
    sink.add(record('a'), 1)
    const flushed = sink.flush()
    expect(await stateOf(flushed)).toBe('pending')
    expect(batches).toEqual([['logs: a']])
    waiting[0]?.acknowledge()
    expect(await stateOf(flushed)).toBe('resolved')
  })

  test('waits for the batch before too', async () => {
    const { writer, waiting } = fakeWriter('when told')
    const sink = createSink(writer, 10, 1_000, () => 0)
    await sink.add(record('a'), 10)
    const flushed = sink.flush()
    expect(await stateOf(flushed)).toBe('pending')
    waiting[0]?.acknowledge()
    expect(await stateOf(flushed)).toBe('resolved')
  })

  test('of nothing sends nothing', async () => {
    const { writer, batches } = fakeWriter()
    await createSink(writer, 10, 0, () => 0).flush()
    expect(batches).toEqual([])
  })
})

describe('an error of Kafka', () => {
  test('rejects the next record that needs a batch', async () => {
    const { writer, waiting } = fakeWriter('when told')
    const sink = createSink(writer, 10, 1_000, () => 0)
    await sink.add(record('a'), 10)
    waiting[0]?.fail(new Error('broker is gone'))
    await settled()
    expect(sink.add(record('b'), 1)).toBeUndefined()
    expect(await stateOf(sink.add(record('c'), 9))).toBe('rejected: broker is gone')
  })

  test('rejects the flush', async () => {
    const { writer, waiting } = fakeWriter('when told')
    const sink = createSink(writer, 1_000, 1_000, () => 0)
    sink.add(record('a'), 1)
    const flushed = sink.flush()
    await settled()
    waiting[0]?.fail(new Error('broker is gone'))
    expect(await stateOf(flushed)).toBe('rejected: broker is gone')
  })
})
