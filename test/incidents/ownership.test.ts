import { describe, expect, test } from '@jest/globals'
import { type Owned, ownershipBy } from '../../incidents/ownership.ts'
import { type TransactionalProducer } from '../../kafka/transactions.ts'

const at = (partition: number, topic = 'logs') => ({ topic, partition })

/** An ownership whose partitions are taken over when the test says so. */
function scene() {
  const takeovers: { topic: string; partitions: readonly number[]; end: (error?: Error) => void }[] = []
  const disconnected: string[] = []
  const ownedOf = (topic: string, partition: number, time: number): Owned => {
    const disconnect = async () => void disconnected.push(`${topic}/${partition} of ${time}`)
    return {
      producer: { disconnect } as unknown as TransactionalProducer,
      states: new Map(),
      down: new Set(['a', 'b'].slice(0, partition)),
      nextOffset: BigInt(time),
    }
  }
  const ownership = ownershipBy((topic, partitions) => {
    const time = takeovers.length + 1
    return new Promise((resolve, reject) => {
      const all = new Map(partitions.map((each) => [each, ownedOf(topic, each, time)]))
      takeovers.push({
        ...{ topic, partitions },
        end: (error) => (error === undefined ? resolve(all) : reject(error)),
      })
    })
  })
  return { ownership, takeovers, disconnected }
}

describe('a partition that is first asked for', () => {
  test('is taken over with all others of its topic, once', async () => {
    const { ownership, takeovers } = scene()
    for (const each of [at(0), at(2), at(1, 'others')]) ownership.assign(each)
    const asked = [ownership.of(at(0)), ownership.of(at(2)), ownership.of(at(0))]
    expect(takeovers.map(({ topic, partitions }) => [topic, partitions])).toEqual([['logs', [0, 2]]])
    takeovers[0]?.end()
    const [first, second, again] = await Promise.all(asked)
    expect(first).toBe(again)
    expect(second).not.toBe(first)
    expect(ownership.openIncidents()).toBe(2)
    // One that comes later is taken over without those that are held.
    ownership.assign(at(1))
    const late = ownership.of(at(1))
    expect(takeovers[1]?.partitions).toEqual([1])
    takeovers[1]?.end()
    await late
    expect(ownership.openIncidents()).toBe(3)
  })

  test('and could not be taken over is tried anew', async () => {
    const { ownership, takeovers } = scene()
    ownership.assign(at(1))
    const failed = ownership.of(at(1))
    takeovers[0]?.end(new Error('away'))
    await expect(failed).rejects.toThrow('away')
    const again = ownership.of(at(1))
    takeovers[1]?.end()
    expect((await again).nextOffset).toBe(2n)
    expect(ownership.openIncidents()).toBe(1)
  })
})

describe('a partition that is given up', () => {
  test('disconnects its producer, is nobody’s incident any more, and is taken over anew when it is asked for', async () => {
    const { ownership, takeovers, disconnected } = scene()
    for (const each of [at(1), at(2)]) ownership.assign(each)
    const taken = ownership.of(at(1))
    takeovers[0]?.end()
    await taken
    await ownership.giveUp(at(1))
    expect([disconnected, ownership.isAssigned(at(1)), ownership.openIncidents()]).toEqual([
      ['logs/1 of 1'],
      true,
      2,
    ])
    const again = ownership.of(at(1))
    expect(takeovers[1]?.partitions).toEqual([1])
    takeovers[1]?.end()
    expect((await again).nextOffset).toBe(2n)
  })

  test('while it is being taken over disconnects once that is done, and does not come back by it', async () => {
    const { ownership, takeovers, disconnected } = scene()
    ownership.assign(at(2))
    const taken = ownership.of(at(2))
    const ended = ownership.end(at(2))
    expect([disconnected, ownership.isAssigned(at(2))]).toEqual([[], false])
    takeovers[0]?.end()
    await Promise.all([taken, ended])
    expect([disconnected, ownership.openIncidents()]).toEqual([['logs/2 of 1'], 0])
  })

  test('after a takeover that failed, or that never was, is given up without a word', async () => {
    const { ownership, takeovers } = scene()
    await ownership.giveUp(at(0))
    ownership.assign(at(0))
    const failed = ownership.of(at(0))
    const ended = ownership.end(at(0))
    takeovers[0]?.end(new Error('away'))
    await expect(failed).rejects.toThrow('away')
    await ended
    expect(ownership.isAssigned(at(0))).toBe(false)
  })
})
