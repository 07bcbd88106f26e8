import { stringify } from 'node:querystring'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readConfig } from '../../../embedded/config.ts'
import { type Labels } from '../../../logql/source.ts'
import { lokiSettings } from '../../../loki/config.ts'
import { queryCost, queryRange } from '../../../loki/query.ts'
import { memoryStore } from '../memory-store.ts'
import { type Client, type Params, queryOf, RECORDED_MS, served } from './served.ts'

const SECONDS = RECORDED_MS / 1_000
const at = (seconds: number): string => `${SECONDS + seconds}000000000`
const RANGE = '/loki/api/v1/query_range'
const INSTANT = '/loki/api/v1/query'

describe('queries', () => {
  let client: Client
  beforeAll(async () => {
    client = await served()
    const values = Array.from({ length: 10 }, (_, index) => [
      at(index - 60),
      `level=${index % 2 ? 'warn' : 'info'} n=${index}`,
      ...(index === 3 ? [{ trace: 't3' }] : []),
    ])
    const streams = [
      { stream: { app: 'a' }, values },
      { stream: { app: 'b' }, values: [[at(-30), 'other']] },
    ]
    expect(await client.post('/loki/api/v1/push', JSON.stringify({ streams }))).toMatchObject({ status: 204 })
  })
  afterAll(() => client.close())

  const data = async (path: string, params: Params, headers = {}) => {
    const { status, body } = await client.get(path, params, headers)
    expect({ status, body }).toMatchObject({ status: 200 })
    return JSON.parse(body).data
  }

  /** What has structured metadata is a stream of its own in answers. */
  const linesOf = (result: { values: string[][] }[]): (string | undefined)[] =>
    result
      .flatMap(({ values }) => values)
      .sort(([a = ''], [b = '']) => Number(BigInt(a) - BigInt(b)))
      .map(([, line]) => line)

  it('answers the last hundred entries of the last hour, the newest first, unless told otherwise', async () => {
    const { resultType, result } = await data(RANGE, { query: '{app="a"} |= "="' })
    expect(resultType).toBe('streams')
    expect(result.at(-1)).toMatchObject({
      stream: { app: 'a' },
      values: { 0: [at(-51), 'level=warn n=9'], length: 9 },
    })
  })

  it.each([
    { start: at(-58), end: at(-55) },
    { start: SECONDS - 58, end: SECONDS - 55 },
    { start: `${SECONDS - 58}.0`, end: `${SECONDS - 55}.000` },
    { start: new Date((SECONDS - 58) * 1_000).toISOString(), end: '2026-11-19T14:00:05+01:00' },
    { since: '3s', end: SECONDS - 55 },
    { since: 3, end: SECONDS - 55 },
  ])('reads times as in %j', async (times) => {
    const { result } = await data(RANGE, { query: '{app="a"}', direction: 'forward', ...times })
    expect(linesOf(result)).toEqual(['level=info n=2', 'level=warn n=3', 'level=info n=4'])
  })

  it('leaves out entries that come sooner than the interval', async () => {
    const params = { query: '{app=~"a|b"}', interval: '4s', direction: 'FORWARD', limit: 3 }
    const { result } = await data(RANGE, params)
    expect(result).toEqual([
      {
        stream: { app: 'a' },
        values: [at(-60), at(-56), at(-52)].map((time, index) => [time, `level=info n=${4 * index}`]),
      },
    ])
  })

  it('tells labels by where they come from when asked to, under the labels of their stream', async () => {
    const params = { query: '{app="a"} | logfmt', limit: 2, start: at(-57), direction: 'forward' }
    const headers = { 'X-Loki-Response-Encoding-Flags': 'categorize-labels' }
    expect(await data(RANGE, params, headers)).toMatchObject({
      encodingFlags: ['categorize-labels'],
      result: [
        {
          stream: { app: 'a' },
          values: [
            [
              at(-57),
              'level=warn n=3',
              { structuredMetadata: { trace: 't3' }, parsed: { level: 'warn', n: '3' } },
            ],
            [at(-56), 'level=info n=4', { parsed: { level: 'info', n: '4' } }],
          ],
        },
      ],
    })
  })

  it('counts what it reads', async () => {
    const settings = lokiSettings.parse({ LOKI_URL: client.url })
    const cost = await queryCost(settings, 'sum(count_over_time({app="a"} |= "level" [1h]))', BigInt(at(0)))
    expect(cost).toMatchObject({ lines: 10, bytes: 140 })
    expect(cost.seconds).toBeGreaterThan(0)
  })

  it('answers Vigie’s own client', async () => {
    const settings = lokiSettings.parse({ LOKI_URL: client.url })
    const [series] = await queryRange(
      settings,
      'sum(count_over_time({app="a"}[5s]))',
      RECORDED_MS - 60_000,
      RECORDED_MS - 50_000,
      5_000,
    )
    expect(series?.values.map(({ value }) => value)).toEqual([1, 5, 4])
  })

  it('is healthy, as Grafana asks', async () => {
    expect(await data(INSTANT, { query: 'vector(1)+vector(1)', time: '4000000000' })).toMatchObject({
      resultType: 'vector',
      result: [{ metric: {}, value: [4_000_000_000, '2'] }],
    })
  })

  it('takes a form by POST', async () => {
    const form = stringify({ query: '{app="b"}', limit: '1' })
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const { body } = await client.post(RANGE, form, headers)
    expect(JSON.parse(body).data.result).toEqual([{ stream: { app: 'b' }, values: [[at(-30), 'other']] }])
  })

  it('steps by default so that there are about 250', async () => {
    const { result } = await data(RANGE, { query: 'vector(1)', start: SECONDS - 3_600, end: SECONDS })
    expect(result[0].values).toHaveLength(258)
  })

  it.each([
    [
      RANGE,
      { query: '{app="a"}', start: 2, end: 1 },
      'end timestamp must not be before or equal to start time',
    ],
    [
      RANGE,
      { query: '{app="a"}', limit: 10_001 },
      'max entries limit per query exceeded, limit > max_entries_limit_per_query (10001 > 10000)',
    ],
    [RANGE, { query: '{app="a"}', limit: 0 }, 'limit must be a positive value'],
    [
      RANGE,
      { query: '{app="a"}', limit: 'many' },
      `could not parse 'limit' parameter: parsing "many": invalid syntax`,
    ],
    [RANGE, { query: '{app="a"}', direction: 'up' }, "invalid direction 'up'"],
    [
      RANGE,
      { query: 'vector(1)', step: 0 },
      'zero or negative query resolution step widths are not accepted',
    ],
    [
      RANGE,
      { query: 'vector(1)', step: -1 },
      'zero or negative query resolution step widths are not accepted',
    ],
    [RANGE, { query: 'vector(1)', step: 'x' }, 'cannot parse "x" to a valid duration'],
    [
      RANGE,
      { query: 'vector(1)', start: 0, end: 1_000_000, step: 1 },
      'exceeded maximum resolution of 11,000 points per time series',
    ],
    [
      RANGE,
      { query: '{app="a"}', start: 0, end: SECONDS, step: '30d' },
      'the query time range exceeds the limit (query length: ',
    ],
    [INSTANT, { query: '{app="a"}' }, 'log queries are not supported as an instant query type'],
    [INSTANT, { query: '' }, 'parse error'],
    [INSTANT, { query: 'vector(1)', time: 'noon' }, "could not parse 'time' parameter"],
  ])('%s %j is refused', async (path, params, message) => {
    const { status, body } = await client.get(path, params)
    expect(status).toBe(400)
    expect(body).toContain(message)
  })

  it('answers 500 where series do not match one to one, as Loki does', async () => {
    const query = 'count_over_time({app=~"a|b"}[5m]) / on () count_over_time({app="a"}[5m])'
    expect(await client.get(INSTANT, { query })).toMatchObject({
      status: 500,
      body: expect.stringContaining('many-to-many matching not allowed'),
    })
  })
})

describe('a query that takes long', () => {
  /** A store whose one stream has blocks without end, as far as a query would go. */
  const endless = () => {
    const store = memoryStore()
    const times = new Float64Array([0])
    const block = {
      count: 1,
      bytes: 1,
      firstNs: BigInt(SECONDS - 1) * 1_000_000_000n,
      lastNs: BigInt(SECONDS - 1) * 1_000_000_000n,
      times: () => times,
      lines: () => {
        // As much work as a real block is.
        for (const untilMs = performance.now() + 1; performance.now() < untilMs; );
        const [starts, ends] = [new Uint32Array([0]), new Uint32Array([1])]
        return { text: 'x', starts, ends, byteLength: () => 1, metadata: (): Labels | undefined => undefined }
      },
    }
    const blocks = Array.from({ length: 20_000 }, () => block)
    const tenant = {
      *select() {
        yield
        return [{ labels: new Map([['app', 'a']]), blocks }]
      },
      *streams() {
        yield
        return []
      },
      newestNs: () => undefined,
      activeStreams: () => 1,
    }
    return { ...store, tenant: () => tenant }
  }
  const params = { query: 'count_over_time({app="a"} |= "x" [1h])' }

  it('ends when its time is up', async () => {
    const config = readConfig('{ auth_enabled: false, limits_config: { query_timeout: 50ms } }')
    const client = await served({ config, store: endless() })
    const { status, body } = await client.get(INSTANT, params)
    expect({ status, body }).toMatchObject({
      status: 504,
      body: expect.stringContaining('request timed out'),
    })
    await client.close()
  })

  it('ends within a block when its time is up, too', async () => {
    const config = readConfig(
      '{ auth_enabled: false, limits_config: { query_timeout: 100ms, max_line_size: 0 } }',
    )
    const client = await served({ config })
    const values = Array.from({ length: 100 }, (_, index) => [at(index - 200), 'a'.repeat(4_000)])
    await client.post('/loki/api/v1/push', JSON.stringify({ streams: [{ stream: { app: 'a' }, values }] }))
    const query = `sum by (x) (count_over_time({app="a"} | regexp "(?P<x>${'a?'.repeat(400)})[ab]{3}$" [1h]))`
    const startMs = performance.now()
    expect(await client.get(INSTANT, { query })).toMatchObject({ status: 504 })
    // All of them take some ten seconds.
    expect(performance.now() - startMs).toBeLessThan(3_000)
    await client.close()
  })

  it('gives way to others, waits when it is one too many, and ends when nobody waits for it any more', async () => {
    const text =
      '{ auth_enabled: false, querier: { max_concurrent: 1 }, limits_config: { query_timeout: 0s } }'
    const client = await served({ config: readConfig(text), store: endless() })
    const gone = new AbortController()
    const url = `${client.url}${INSTANT}?${new URLSearchParams(params)}`
    const queries = [1, 2].map(() => fetch(url, { signal: gone.signal }).catch(() => 'gone'))
    const isTold = async (running: number, waiting: number) => {
      const { body } = await client.get('/metrics')
      const numbers = [`running_queries ${running}`, `waiting_queries ${waiting}`]
      return numbers.every((number) => body.includes(`vigie_store_${number}\n`))
    }
    while (!(await isTold(1, 1)));
    gone.abort()
    expect(await Promise.all(queries)).toEqual(['gone', 'gone'])
    while (!(await isTold(0, 0)));
    await client.close()
  })

  it('begins no query while clients leave too much of their answers untaken, and does once they took it', async () => {
    const other = await served({ maxUntakenBytes: 1_000_000 })
    const line = 'x'.repeat(200_000)
    const values = Array.from({ length: 100 }, (_, index) => [at(index - 200), `${index} ${line}`])
    const body = JSON.stringify({ streams: [{ stream: { app: 'a' }, values }] })
    expect(await other.post('/loki/api/v1/push', body)).toMatchObject({ status: 204 })
    const slow = await fetch(`${other.url}${RANGE}?${queryOf({ query: '{app="a"}' })}`)
    expect(await other.get(RANGE, { query: '{app="a"}', limit: 1 })).toMatchObject({ status: 429 })
    await slow.arrayBuffer()
    expect(await other.get(RANGE, { query: '{app="a"}', limit: 1 })).toMatchObject({ status: 200 })
    await other.close()
  })
})
