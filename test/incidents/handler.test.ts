import { describe, expect, test } from '@jest/globals'
import { type Lags, trackerHandler } from '../../incidents/handler.ts'
import { trackerMetrics } from '../../incidents/metrics.ts'
import { type Owned, ownershipBy } from '../../incidents/ownership.ts'
import { type Lease } from '../../kafka/consumer/lease.ts'
import { type Obstacles } from '../../kafka/consumer/obstacles.ts'
import { recordOf } from '../../kafka/decoded-record.ts'
import { errorOfCode } from '../../kafka/kafkajs.ts'
import { type TransactionalProducer } from '../../kafka/transactions.ts'
import { deferred } from '../../service/deferred.ts'
import { type Logger } from '../../service/log.ts'

const [NOT_COORDINATOR, NO_RIGHTS] = [16, 29]
const OF = { topic: 'logs', partition: 1 }
const log = (index: number, etat: string) =>
  recordOf({
    offset: index,
    value: Buffer.from(
      JSON.stringify({
        ...{ source: 'crm', entreprise: 'acme', zone: 'eu', etat },
        fin: new Date(Date.UTC(2026, 0, 1) + index * 1_000).toISOString(),
      }),
    ),
  })
const LOGS = [log(4, 'SUCCESS'), log(5, 'FAILED'), log(6, 'FAILED'), log(7, 'SUCCESS')]
const fetched = (records = LOGS, endOffset = 8) => ({
  ...{ ...OF, generation: 1, records, firstOffset: 4, nextOffset: 8, endOffset },
})

/** A handler of one partition whose transactions do as `commits` say, one after the other; then all succeed. */
function scene(commits: (() => Promise<void>)[] = [], nextOffset = 0n) {
  const written: string[] = []
  const logged: string[] = []
  let takeovers = 0
  let isValid = true
  const producer = {
    transaction: async () => {
      const own: string[] = []
      return {
        write: async (records: readonly { topic: string }[]) => {
          for (const { topic } of records) own.push(topic)
        },
        addProgress: async (progress: { nextOffset: bigint }) => void own.push(`at ${progress.nextOffset}`),
        commit: async () => {
          await commits.shift()?.()
          written.push(...own)
        },
        abort: async () => undefined,
      }
    },
    disconnect: async () => undefined,
  } as unknown as TransactionalProducer
  const ownership = ownershipBy(async (_, partitions) => {
    takeovers++
    const owned = (): Owned => ({ producer, states: new Map(), down: new Set(), nextOffset })
    return new Map(partitions.map((each) => [each, owned()]))
  })
  const lags: Lags = new Map()
  const obstacles: Obstacles = new Map([['joining', 'not yet']])
  const metrics = trackerMetrics(ownership.openIncidents, () => [...lags.values()])
  const note = (message: string, details: object) => void logged.push(`${message} ${JSON.stringify(details)}`)
  const handler = trackerHandler({
    ...{ groupId: 'g', brokers: ['k:1'], ownership, metrics, lags, obstacles },
    logger: { info: note, warn: note, error: note } as unknown as Logger,
    lease: { isValid: () => isValid, renew: () => undefined } as unknown as Lease,
  })
  handler.begin({ ...OF, generation: 1, offset: 4, metadata: null })
  const count = async (name: string) => {
    const text = await metrics.registry.getSingleMetricAsString(`vigie_tracker_${name}`)
    return Object.fromEntries(
      [...text.matchAll(/^\w+(?:\{\w+="(\w+)"\})? (\d+)$/gm)].map(([, label = '', value]) => [
        label,
        Number(value),
      ]),
    )
  }
  return {
    ...{ handler, ownership, written, logged, lags, obstacles, count },
    takeovers: () => takeovers,
    setLease: (now: boolean) => {
      isValid = now
    },
  }
}
const refuse = (code: number) => async () => Promise.reject(errorOfCode(code))
const events = 'ingestion-incidents'
const state = 'ingestion-incidents-state'

describe('a fetch', () => {
  test('is one transaction of its incidents, states and progress', async () => {
    const { handler, written, lags, count, ownership, takeovers } = scene()
    await handler.records(fetched())
    expect(written).toEqual([events, events, state, state, 'at 8'])
    expect(await count('events_total')).toEqual({ opened: 1, resolved: 1 })
    expect(await count('logs_total')).toEqual({ handled: 4 })
    expect(await count('transactions_total')).toEqual({ '': 1 })
    expect([...lags.values()]).toMatchObject([{ messages: 0, oldestWaitingMs: undefined }])
    expect([ownership.openIncidents(), takeovers()]).toEqual([0, 1])
  })

  test('without what its predecessor committed: that is not counted again', async () => {
    const { handler, count } = scene([], 6n)
    await handler.records(fetched(LOGS, 20))
    expect(await count('logs_total')).toEqual({ handled: 2 })
  })

  test('of which everything is committed already writes nothing, and tells how far behind it is', async () => {
    const { handler, written, lags, count } = scene([], 8n)
    await handler.records(fetched(LOGS, 20))
    expect([written, await count('transactions_total')]).toEqual([[], { '': 0 }])
    expect([...lags.values()]).toMatchObject([{ messages: 12, oldestWaitingMs: LOGS.at(-1)?.timestampMs }])
  })
})

describe('a transaction that fails', () => {
  test('is tried again by a new producer, and counts once', async () => {
    const { handler, written, logged, obstacles, count, takeovers } = scene([refuse(NOT_COORDINATOR)])
    const startMs = performance.now()
    await handler.records(fetched())
    // A broker that is away is not asked as fast as it can be.
    expect(performance.now() - startMs).toBeGreaterThan(250)
    expect(written.filter((each) => each === 'at 8')).toHaveLength(1)
    expect([takeovers(), await count('transactions_total')]).toEqual([2, { '': 1 }])
    expect(logged.join()).toContain('a transaction did not succeed')
    expect([...obstacles.keys()]).toEqual(['joining'])
  })

  test('says so until one succeeds', async () => {
    let seen: string[] = []
    const { handler, obstacles } = scene([
      refuse(NOT_COORDINATOR),
      async () => {
        seen = [...obstacles.keys()]
      },
    ])
    await handler.records(fetched())
    expect(seen).toEqual(['joining', 'transaction logs 1'])
  })

  test('for what no waiting mends, or a defect, ends the tracker', async () => {
    await expect(scene([refuse(NO_RIGHTS)]).handler.records(fetched())).rejects.toMatchObject({
      code: 'KAFKA_NOT_AUTHORISED',
    })
    const defect = async () => Promise.reject(new Error('defect'))
    await expect(scene([defect]).handler.records(fetched())).rejects.toThrow('defect')
  })
})

describe('a partition', () => {
  test('whose member the group may have given up is not taken over before it counts again', async () => {
    const { handler, setLease, takeovers, written } = scene()
    setLease(false)
    const handling = handler.records(fetched())
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(takeovers()).toBe(0)
    setLease(true)
    await handling
    expect([takeovers(), written.at(-1)]).toEqual([1, 'at 8'])
  })

  test('that ends waits for what is in flight, and is nobody’s lag any more', async () => {
    const commit = deferred()
    const { handler, lags, ownership, written } = scene([() => commit.promise])
    const handling = handler.records(fetched())
    await new Promise((resolve) => setImmediate(resolve))
    let isOver = false
    const ending = handler.end([OF], { isLost: false, deadline: new AbortController().signal }).then(() => {
      isOver = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect([isOver, ownership.isAssigned(OF)]).toEqual([false, true])
    commit.resolve()
    await Promise.all([handling, ending])
    expect([written.at(-1), ownership.isAssigned(OF), lags.size]).toEqual(['at 8', false, 0])
    // What comes too late changes nothing.
    await handler.records(fetched())
    expect(written.filter((each) => each === 'at 8')).toHaveLength(1)
  })
})

describe('a partition that is given up', () => {
  const end = { isLost: false, deadline: new AbortController().signal }

  test('while it is taken over writes nothing', async () => {
    const { handler, written, takeovers } = scene()
    const handling = handler.records(fetched())
    await Promise.all([handler.end([OF], end), handling])
    expect([takeovers(), written]).toEqual([1, []])
  })

  test('while its transaction fails is left to its next owner, without a word', async () => {
    const commit = deferred()
    const { handler, written, takeovers, logged, obstacles } = scene([() => commit.promise])
    const handling = handler.records(fetched())
    await new Promise((resolve) => setImmediate(resolve))
    const ending = handler.end([OF], end)
    commit.reject(errorOfCode(NOT_COORDINATOR))
    await Promise.all([ending, handling])
    expect([takeovers(), written, logged, obstacles.size]).toEqual([1, [], [], 1])
  })
})

test('what Kafka lost is counted', async () => {
  const { handler, logged, count } = scene()
  handler.gap({ ...OF, generation: 1, from: 4, to: 9, cause: 'retention' })
  handler.gap({ ...OF, generation: 1, from: 9, to: 2, cause: 'truncated' })
  handler.unreadable({ ...OF, generation: 1, firstOffset: 2, nextOffset: 5, problem: 'damaged' })
  expect(await count('lost_records_total')).toEqual({ retention: 5, truncated: 0, unreadable: 3 })
  expect(logged).toHaveLength(3)
})

test('what is in the way is told once, and is gone once it is over', () => {
  const { handler, logged, obstacles } = scene()
  handler.joined([OF])
  expect(obstacles.size).toBe(0)
  for (const reason of ['away', 'away', 'away', undefined]) {
    handler.trouble('group', reason)
    expect([...obstacles.values()]).toEqual(reason === undefined ? [] : ['Kafka: away'])
  }
  handler.rebalancing([OF])
  expect(logged.map((line) => line.split(' {')[0])).toEqual([
    'joined the group',
    'Kafka does not do what it is asked; it is asked again',
    'the group is rebalancing',
  ])
  expect(logged[2]).toContain('logs/1')
})
