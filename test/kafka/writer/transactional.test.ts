import { describe, expect, test } from '@jest/globals'
import { connectionError, errorOfCode } from '../../../kafka/kafkajs.ts'
import { writeTogether } from '../../../kafka/transactions.ts'
import { type TransactionCalls } from '../../../kafka/writer/transaction-calls.ts'
import { createTransactionalProducer } from '../../../kafka/writer/transactional.ts'
import { simulatedClock, simulatedKafka } from './simulation.ts'

const CODE = { unknown: -1, coordinatorMoved: 16, fenced: 47, concurrent: 51 }
const progress = { groupId: 'g', topic: 't', partition: 0, nextOffset: 7n }

/** A producer whose calls are written down; `fail` may throw in their place. */
function producerTo(fail: (call: string, times: number) => void = () => undefined) {
  const told: string[] = []
  const tell = async (call: string): Promise<void> => {
    told.push(call)
    fail(call, told.filter((each) => each === call).length)
  }
  const identity = { producerId: 5n, epoch: 2, isTransactional: true }
  const calls: TransactionCalls = {
    fence: async () => identity,
    addPartitions: (_, parts) => tell(`add ${parts.map(({ topic, partition }) => `${topic}-${partition}`)}`),
    addOffsets: (_, groupId) => tell(`add offsets ${groupId}`),
    commitOffsets: (_, { nextOffset }) => tell(`offset ${nextOffset}`),
    end: (_, outcome) => tell(outcome),
  }
  const kafka = simulatedKafka({ topics: { t: 3, u: 1 } })
  const clock = simulatedClock()
  const writerCalls = {
    ...kafka.calls,
    produce: async (...parameters: Parameters<typeof kafka.calls.produce>) => {
      await tell('produce')
      return kafka.calls.produce(...parameters)
    },
  }
  const producer = createTransactionalProducer({
    identity,
    calls,
    writerCalls,
    clock,
    disconnect: () => undefined,
  })
  return { producer, told, clock, requests: kafka.requests }
}
const messages = (topic: string, partition: number) => ({ topic, messages: [{ partition, value: 'v' }] })

describe('a transaction', () => {
  test('adds each partition before it writes there, then the progress, and commits', async () => {
    const { producer, told, requests } = producerTo()
    await writeTogether(producer, [messages('t', 1), messages('u', 0)], progress)
    await writeTogether(producer, [messages('t', 1)])
    expect(told).toEqual([
      ...['add t-1,u-0', 'produce', 'add offsets g', 'offset 7', 'commit'],
      ...['add t-1', 'produce', 'commit'],
    ])
    const TRANSACTIONAL = 0x10
    for (const { batch } of requests.flat()) expect(batch.readInt16BE(21) & TRANSACTIONAL).toBe(TRANSACTIONAL)
  })

  test('of nothing asks Kafka nothing', async () => {
    const { producer, told } = producerTo()
    await writeTogether(producer, [{ topic: 't', messages: [] }])
    await (await producer.transaction()).abort()
    expect(told).toEqual([])
  })

  test('waits until the one before it is through, and for a coordinator that moved', async () => {
    const faults = [CODE.concurrent, CODE.concurrent, CODE.coordinatorMoved]
    const { producer, told } = producerTo((call) => {
      const code = call.startsWith('add t') ? faults.shift() : undefined
      if (code !== undefined) throw errorOfCode(code)
    })
    await writeTogether(producer, [messages('t', 0)])
    expect(told).toEqual([...Array(4).fill('add t-0'), 'produce', 'commit'])
  })

  test('that is fenced ends at once, with that error', async () => {
    const { producer, told, clock } = producerTo((call) => {
      if (call === 'produce') throw errorOfCode(CODE.fenced)
    })
    const failing = writeTogether(producer, [messages('t', 0)], progress)
    await expect(failing).rejects.toMatchObject({ type: 'INVALID_PRODUCER_EPOCH' })
    expect(told).toEqual(['add t-0', 'produce', 'abort'])
    expect(clock.now()).toBe(0)
    const again = writeTogether(producer, [messages('t', 0)])
    await expect(again).rejects.toThrow('used after it has failed')
  })

  test('whose commit has an unknown outcome is not aborted', async () => {
    const { producer, told, clock } = producerTo((call) => {
      if (call === 'commit') throw connectionError('lost', 'b')
    })
    await expect(writeTogether(producer, [messages('t', 0)])).rejects.toThrow('lost')
    expect(told.filter((call) => call === 'commit').length).toBeGreaterThan(5)
    expect(told).not.toContain('abort')
    expect(clock.now()).toBeGreaterThanOrEqual(30_000)
  })

  test('takes nothing when it has ended', async () => {
    const { producer, told } = producerTo()
    const transaction = await producer.transaction()
    await transaction.commit()
    await expect(transaction.write([{ topic: 't', value: 'late' }])).rejects.toThrow('No transaction is open')
    await expect(transaction.commit()).rejects.toThrow('No transaction is open')
    expect(told).toEqual([])
  })

  test('is the only one: another may not begin', async () => {
    const { producer } = producerTo()
    await producer.transaction()
    await expect(producer.transaction()).rejects.toThrow('open already')
  })
})
