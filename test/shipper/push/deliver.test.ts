import { createServer, type Server } from 'node:http'
import { type AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { uncompress } from 'snappy'
import { CLOCK } from '../../../kafka/consumer/clock.ts'
import { createLease } from '../../../kafka/consumer/lease.ts'
import { type Obstacles } from '../../../kafka/consumer/obstacles.ts'
import { type DecodedRecord, recordOf } from '../../../kafka/decoded-record.ts'
import { encodePush } from '../../../loki/encode.ts'
import { DEFAULT_LIMITS, type LokiLimits } from '../../../loki/limits.ts'
import { type Logger } from '../../../service/log.ts'
import { takeBatch } from '../../../shipper/batch/batch.ts'
import { shipperEvents } from '../../../shipper/events.ts'
import { type ShipperMetrics, shipperMetrics } from '../../../shipper/metrics.ts'
import { delivery, type Sink } from '../../../shipper/push/deliver.ts'
import { createIsolation } from '../../../shipper/push/isolate.ts'
import { type ShippedTopic } from '../../../shipper/side.ts'

type Push = { url: string; contentType: string; tenant: string; body: Buffer }
type Answer = number | 'hang up' | 'wait'
let server: Server
let answers: Answer[] = []
/** Answers to questions: the status, or the lines that are there. */
let questions: (number | DecodedRecord[])[] = []
let pushes: Push[] = []

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (request.method === 'GET') return void response.writeHead(...question())
    pushes.push({
      url: request.url ?? '',
      contentType: request.headers['content-type'] ?? '',
      tenant: String(request.headers['x-scope-orgid']),
      body: Buffer.concat(chunks),
    })
    const answer = answers.shift() ?? 500
    if (answer === 'wait') return
    if (answer === 'hang up') request.socket.destroy()
    else response.writeHead(answer).end(answer === 204 ? undefined : 'because')

    function question(): [number] {
      const there = questions.shift() ?? []
      if (typeof there === 'number') {
        setImmediate(() => response.end('because'))
        return [there]
      }
      const values = there.map((record) => [`1000000${record.offset.padStart(3, '0')}`, `${record.value}`])
      const result = values.length === 0 ? [] : [{ stream: {}, values }]
      setImmediate(() => response.end(JSON.stringify({ data: { resultType: 'streams', result } })))
      return [200]
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})
beforeEach(() => {
  pushes = []
  questions = []
  // The shortest wait there is: an eighth of a second before the first retry.
  jest.spyOn(Math, 'random').mockReturnValue(0.999)
})

const records = [0, 1].map((offset) => recordOf({ value: Buffer.from(`{"run":${offset}}`), offset }))
const PLACE = { topic: 'logs', partition: 0 }
const logs: ShippedTopic = {
  topic: 'logs',
  job: 'kafka-logs',
  isSide: false,
  project: (record) => ({
    labels: '{job="kafka-logs"}',
    entry: { seconds: 1, nanos: record.offsetNumber, line: record },
    parsed: false,
  }),
}
const projected = (record: DecodedRecord) => logs.project(record, 0)
const batch = takeBatch(records, 0, projected, { bytes: 1e6, records: 10, endBefore: 10, seconds: 9 })

function fakeSink(shipped: ShippedTopic = logs, limits: Partial<LokiLimits> = {}) {
  const obstacles: Obstacles = new Map()
  const metrics = shipperMetrics(() => [])
  const logged: string[] = []
  const letters: { topic: string; records: readonly DecodedRecord[]; reason: string }[] = []
  const log = (message: string) => void logged.push(message)
  const lease = createLease(60_000)
  lease.renew(CLOCK.now())
  const closing = new AbortController()
  const broken = new AbortController()
  const logger = { info: log, warn: log, error: log } as unknown as Logger
  const sink: Sink = {
    loki: {
      LOKI_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      LOKI_TENANT_ID: 'acme',
      ...{ LOKI_USERNAME: undefined, LOKI_PASSWORD: undefined, LOKI_BEARER_TOKEN: undefined },
    },
    pushTimeoutMs: 5_000,
    truncate: false,
    limits: () => ({ ...DEFAULT_LIMITS, ...limits }),
    isolation: createIsolation(),
    lease,
    events: shipperEvents(metrics, logger, obstacles),
    sendToDeadLetters: async ({ topic }, set, { reason }) =>
      void letters.push({ topic, records: set, reason }),
  }
  const lane = (how: Partial<Sink> = {}) =>
    delivery({ ...sink, ...how }, shipped, PLACE, { closed: closing, broken })
  const deliver = () => lane().deliver(batch, false)
  return { metrics, lane, deliver, closing, broken, obstacles, logged, letters }
}

/** The numbers of which it is always true that consumed = the sum of the others. */
async function account({ metrics }: { metrics: ShipperMetrics }) {
  const value = async (
    name: 'consumed' | 'records' | 'deadLetters' | 'sideRefused' | 'inFlight' | 'givenBack',
  ) => (await metrics[name].get()).values.reduce((sum, each) => sum + each.value, 0)
  const stored = await value('records')
  const refused = (await value('deadLetters')) + (await value('sideRefused'))
  const [inFlight, givenBack] = [await value('inFlight'), await value('givenBack')]
  expect(await value('consumed')).toBe(stored + refused + inFlight + givenBack)
  return { stored, refused, inFlight, givenBack }
}
const ALL_STORED = { stored: 2, refused: 0, inFlight: 0, givenBack: 0 }

describe('a push', () => {
  test('that Loki takes at once', async () => {
    answers = [204]
    const { metrics, deliver, obstacles, logged } = fakeSink()
    expect(await deliver()).toBe(true)
    expect([...obstacles]).toEqual([])
    expect(logged).toEqual([])
    const [{ url, contentType, tenant, body } = { url: '', contentType: '', tenant: '', body: Buffer.of() }] =
      pushes
    expect([url, contentType, tenant]).toEqual(['/loki/api/v1/push', 'application/x-protobuf', 'acme'])
    expect(await uncompress(body)).toEqual(encodePush(batch.streams))
    expect(await account({ metrics })).toEqual(ALL_STORED)
    expect((await metrics.unparsed.get()).values[0]?.value).toBe(2)
    expect((await metrics.bytes.get()).values[0]?.value).toBe(encodePush(batch.streams).length)
  })

  test('that the tenant may not send is tried again, the same bytes', async () => {
    answers = [260, 204]
    const { metrics, deliver, obstacles, logged } = fakeSink()
    expect(await deliver()).toBe(true)
    expect(logged).toEqual(['Loki did not take a push; what it does not have is sent again'])
    expect([...obstacles]).toEqual([])
    expect(pushes[1]).toEqual(pushes[0])
    expect(await account({ metrics })).toEqual(ALL_STORED)
  })

  test('whose answer is lost is asked for: what is there is not sent again', async () => {
    answers = ['hang up']
    questions = [records]
    const { metrics, deliver } = fakeSink()
    expect(await deliver()).toBe(true)
    expect(pushes).toHaveLength(1)
    expect(await account({ metrics })).toEqual(ALL_STORED)
    expect((await metrics.found.get()).values[0]?.value).toBe(2)
  })

  test('that Loki refuses in part: the refused part is a dead letter', async () => {
    answers = [400]
    questions = [503, records.slice(0, 1)]
    const { metrics, deliver, letters, logged } = fakeSink()
    expect(await deliver()).toBe(true)
    expect(letters).toEqual([{ topic: 'logs', records: records.slice(1), reason: 'bad_request' }])
    expect(logged[0]).toBe('Loki did not say what it has; it is asked again')
    expect(await account({ metrics })).toEqual({ stored: 1, refused: 1, inFlight: 0, givenBack: 0 })
  })

  test('that Loki would refuse is not sent: its lines are dead letters', async () => {
    const { metrics, deliver, letters } = fakeSink(logs, { maxLineBytes: 8 })
    expect(await deliver()).toBe(true)
    expect(pushes).toHaveLength(0)
    expect(letters.map(({ reason }) => reason)).toEqual(['line_too_long', 'line_too_long'])
    expect(await account({ metrics })).toEqual({ stored: 0, refused: 2, inFlight: 0, givenBack: 0 })
  })

  test('of a side topic that Loki refuses is logged, and no dead letter', async () => {
    answers = [400]
    const { metrics, deliver, letters, logged } = fakeSink({ ...logs, isSide: true })
    expect(await deliver()).toBe(true)
    expect(letters).toEqual([])
    expect(logged).toEqual(['Loki refuses lines of a side topic; they stay in Kafka only'])
    expect(await account({ metrics })).toEqual({ stored: 0, refused: 2, inFlight: 0, givenBack: 0 })
  })

  test('is sent again whole where Loki may not be asked', async () => {
    answers = [429, 204]
    questions = [403]
    const { metrics, deliver, logged } = fakeSink()
    expect(await deliver()).toBe(true)
    expect(logged).toContain('Loki may not be asked what it has: lines may be stored twice')
    expect(pushes).toHaveLength(2)
    expect(await account({ metrics })).toEqual(ALL_STORED)
  })
})

describe('is given up', () => {
  test('during the wait for the next attempt, at once', async () => {
    answers = [401, 204]
    jest.spyOn(Math, 'random').mockReturnValue(0)
    const { metrics, deliver, closing, obstacles } = fakeSink()
    const delivered = deliver()
    while (obstacles.size === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(await account({ metrics })).toEqual({ stored: 0, refused: 0, inFlight: 2, givenBack: 0 })
    const startMs = performance.now()
    closing.abort()
    expect(await delivered).toBe(false)
    expect(performance.now() - startMs).toBeLessThan(200)
    expect(pushes).toHaveLength(1)
    expect(await account({ metrics })).toEqual({ stored: 0, refused: 0, inFlight: 0, givenBack: 2 })
  })

  test('without a push when it is closed already', async () => {
    const { deliver, closing } = fakeSink()
    closing.abort()
    expect(await deliver()).toBe(false)
    expect(pushes).toHaveLength(0)
  })
})

test('each tenant’s lines are a push of its own, and one that is no tenant’s name is not sent', async () => {
  answers = [204, 204]
  const { metrics, lane, letters } = fakeSink()
  const tenants = ['acme-one', 'acme-two', 'no\ntenant']
  const many = tenants.map((tenant, offset) =>
    recordOf({ key: Buffer.from(tenant), value: Buffer.from('{}'), offset }),
  )
  const project = (record: DecodedRecord) => ({
    ...logs.project(record, 0),
    tenant: String(record.key),
  })
  const mixed = takeBatch(many, 0, project, { bytes: 1e6, records: 10, endBefore: 10, seconds: 9 })
  expect(await lane().deliver(mixed, false)).toBe(true)
  expect(pushes.map(({ tenant }) => tenant).sort()).toEqual(['acme-one', 'acme-two'])
  expect(letters.map(({ reason }) => reason)).toEqual(['invalid_tenant'])
  expect(await account({ metrics })).toEqual({ stored: 2, refused: 1, inFlight: 0, givenBack: 0 })
})

test('what a predecessor may have pushed is asked for as it would be sent: cut, when it is cut', async () => {
  const long = recordOf({ value: Buffer.from('a'.repeat(90)) })
  const cut = recordOf({ value: Buffer.from(`${'a'.repeat(14)} [truncated from 90 bytes]`) })
  const room = { bytes: 1e6, records: 10, endBefore: 10, seconds: 9 }
  questions = [[cut], []]
  answers = [204]
  const { lane } = fakeSink(logs, { maxLineBytes: 40 })
  const { deliver } = lane({ truncate: true })
  expect(await deliver(takeBatch([long], 0, projected, room), true)).toBe(true)
  expect(pushes).toHaveLength(0)
  expect(await deliver(takeBatch([long], 0, projected, room), true)).toBe(true)
  expect(pushes).toHaveLength(1)
})

test('a push that Loki takes while the lane closes counts as stored', async () => {
  answers = [204]
  const { metrics, deliver, closing } = fakeSink()
  const delivered = deliver()
  setImmediate(() => closing.abort())
  expect(await delivered).toBe(true)
  expect(await account({ metrics })).toEqual(ALL_STORED)
})

test('a lane that has to break off ends a push that Loki does not answer', async () => {
  answers = ['wait']
  const { metrics, deliver, closing, broken } = fakeSink()
  const delivered = deliver()
  while (pushes.length === 0) await new Promise((resolve) => setImmediate(resolve))
  closing.abort()
  broken.abort()
  expect(await delivered).toBe(false)
  expect(await account({ metrics })).toEqual({ stored: 0, refused: 0, inFlight: 0, givenBack: 2 })
})

test('a record that a defect keeps from being shipped is a dead letter, and counted', async () => {
  const { metrics, lane, letters, logged } = fakeSink()
  expect(await lane().bury(records[0] as DecodedRecord, new TypeError('x is not a function'))).toBe(true)
  expect(letters).toEqual([{ topic: 'logs', records: records.slice(0, 1), reason: 'defect' }])
  expect(logged[0]).toBe('a defect of Vigie keeps a record from being shipped; please report it')
  expect(await account({ metrics })).toEqual({ stored: 0, refused: 1, inFlight: 0, givenBack: 0 })
})
