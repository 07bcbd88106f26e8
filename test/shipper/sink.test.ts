import { createServer, type Server } from 'node:http'
import { type AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { uncompress } from 'snappy'
import { encodePush } from '../../loki/encode.ts'
import { type Outcome } from '../../loki/outcome.ts'
import { type Logger } from '../../service/log.ts'
import { type Batch } from '../../shipper/batch.ts'
import { shipperMetrics } from '../../shipper/metrics.ts'
import { pushUntilSettled, type Sink } from '../../shipper/sink.ts'

type Push = { url: string; contentType: string; tenant: string; body: Buffer }
let server: Server
let answers: (number | 'hang up')[] = []
let pushes: Push[] = []

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    pushes.push({
      url: request.url ?? '',
      contentType: request.headers['content-type'] ?? '',
      tenant: String(request.headers['x-scope-orgid']),
      body: Buffer.concat(chunks),
    })
    const answer = answers.shift() ?? 500
    if (answer === 'hang up') request.socket.destroy()
    else response.writeHead(answer).end(answer === 204 ? undefined : 'because')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})
beforeEach(() => {
  pushes = []
  // The shortest wait there is: an eighth of a second before the first retry.
  jest.spyOn(Math, 'random').mockReturnValue(0.999)
})

const line = Buffer.from('{"etat":"SUCCESS"}')
const batch: Batch = {
  streams: [{ labels: '{job="kafka-logs"}', entries: [{ seconds: 1, nanos: 2, line }] }],
  records: [{ value: line, partition: 0, offset: 0n, timestampMs: 0 }],
  unparsed: 1,
}

function fakeSink(onAttempt: (outcome: Outcome) => void = () => undefined) {
  const outcomes: Outcome[] = []
  const logged: string[] = []
  const log = (message: string) => void logged.push(message)
  const sink: Sink = {
    loki: {
      LOKI_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      LOKI_TENANT_ID: 'acme',
      ...{ LOKI_USERNAME: undefined, LOKI_PASSWORD: undefined, LOKI_BEARER_TOKEN: undefined },
    },
    pushTimeoutMs: 5_000,
    metrics: shipperMetrics(),
    logger: { info: log, warn: log, error: log } as unknown as Logger,
    onAttempt: (outcome) => {
      outcomes.push(outcome)
      onAttempt(outcome)
    },
  }
  return { sink, outcomes, logged }
}

async function countsOf({ metrics }: Sink) {
  const value = async (name: 'records' | 'bytes' | 'batches' | 'unparsed' | 'retries' | 'errors') =>
    (await metrics[name].get()).values.reduce((sum, each) => sum + each.value, 0)
  return {
    ...{ records: await value('records'), bytes: await value('bytes'), batches: await value('batches') },
    ...{ unparsed: await value('unparsed'), retries: await value('retries'), errors: await value('errors') },
  }
}

const never = new AbortController().signal
const always = () => true
const NOTHING = { records: 0, bytes: 0, batches: 0, unparsed: 0, retries: 0, errors: 0 }
const STORED = { ...NOTHING, records: 1, bytes: encodePush(batch.streams).length, batches: 1, unparsed: 1 }

describe('a push', () => {
  test('that Loki takes at once', async () => {
    answers = [204]
    const { sink, outcomes, logged } = fakeSink()
    expect(await pushUntilSettled(sink, batch, never, always)).toMatchObject({ kind: 'stored' })
    expect(outcomes.map(({ kind }) => kind)).toEqual(['stored'])
    expect(await countsOf(sink)).toEqual(STORED)
    expect(logged).toEqual([])
    expect(pushes).toHaveLength(1)
    const [{ url, contentType, tenant, body } = { url: '', contentType: '', tenant: '', body: line }] = pushes
    expect([url, contentType, tenant]).toEqual(['/loki/api/v1/push', 'application/x-protobuf', 'acme'])
    expect(await uncompress(body)).toEqual(encodePush(batch.streams))
  })

  test.each([
    [500, 'server_error'],
    [429, 'rate_limited'],
    ['hang up', 'unreachable'],
  ] as const)('that meets %s is tried again, the same bytes', async (answer, reason) => {
    answers = [answer, 204]
    const { sink, outcomes, logged } = fakeSink()
    expect(await pushUntilSettled(sink, batch, never, always)).toMatchObject({ kind: 'stored' })
    expect(outcomes.map(({ kind }) => kind)).toEqual(['retry', 'stored'])
    expect(outcomes[0]?.reason).toBe(reason)
    expect(await countsOf(sink)).toEqual({ ...STORED, retries: 1, errors: 1 })
    expect(logged).toHaveLength(2)
    expect(pushes[1]).toEqual(pushes[0])
  })

  test('that Loki refuses is not tried again', async () => {
    answers = [400]
    const { sink, logged } = fakeSink()
    const outcome = await pushUntilSettled(sink, batch, never, always)
    expect(outcome).toEqual({ kind: 'refused', reason: 'bad_request', detail: 'HTTP 400: because' })
    expect(await countsOf(sink)).toEqual({ ...NOTHING, errors: 1 })
    expect(pushes).toHaveLength(1)
    expect(logged).toEqual([])
  })
})

describe('nothing is known to be stored', () => {
  test('when the stop comes during the wait: the outcome is `retry`, at once', async () => {
    answers = [503, 204]
    jest.spyOn(Math, 'random').mockReturnValue(0)
    const stop = new AbortController()
    const { sink } = fakeSink(() => setImmediate(() => setImmediate(() => stop.abort())))
    const startMs = performance.now()
    expect(await pushUntilSettled(sink, batch, stop.signal, always)).toMatchObject({ kind: 'retry' })
    expect(performance.now() - startMs).toBeLessThan(200)
    expect(pushes).toHaveLength(1)
    expect(await countsOf(sink)).toEqual({ ...NOTHING, errors: 1 })
  })

  test('when it comes during the push', async () => {
    answers = [503, 204]
    const stop = new AbortController()
    const { sink, logged } = fakeSink(() => stop.abort())
    expect(await pushUntilSettled(sink, batch, stop.signal, always)).toMatchObject({ kind: 'retry' })
    expect(pushes).toHaveLength(1)
    expect(logged).toEqual([])
  })

  test('when the partition was taken away during the wait', async () => {
    answers = [503, 204]
    const { sink } = fakeSink()
    expect(await pushUntilSettled(sink, batch, never, () => false)).toMatchObject({ kind: 'retry' })
    expect(pushes).toHaveLength(1)
  })
})

test('a push that Loki takes while the shipper stops counts as stored', async () => {
  answers = [204]
  const stop = new AbortController()
  stop.abort()
  const { sink } = fakeSink()
  expect(await pushUntilSettled(sink, batch, stop.signal, always)).toMatchObject({ kind: 'stored' })
})
