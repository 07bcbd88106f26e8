import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'node:querystring'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readConfig } from '../../../embedded/config.ts'
import { openStore } from '../../../embedded/store/open.ts'
import { readLimits } from '../../../loki/limits.ts'
import { answersOf, difference, pushed } from '../../logql/recorded.ts'
import { type Client, served } from './served.ts'

/** Loki tells these in an order that changes. */
const sorted = (value: unknown): unknown =>
  Array.isArray(value) ? [...value].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : value
const unordered = (text: string): unknown => {
  const answer = JSON.parse(text)
  return {
    ...answer,
    data: sorted(answer.data),
    detectedLabels: sorted(answer.detectedLabels),
    fields: sorted(answer.fields),
  }
}
/** What is measured, not told. */
const MEASURED = [
  'execTime',
  'totalEntriesReturned',
  'entriesRequested',
  'entriesStored',
  'requests',
  'downloadTime',
]
const withoutMeasured = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).filter(([key]) => !MEASURED.includes(key)))
    : value

describe('what is told of the store', () => {
  let client: Client
  beforeAll(async () => {
    client = await served()
    expect(await client.post('/loki/api/v1/push', JSON.stringify(pushed()))).toEqual({
      status: 204,
      body: '',
    })
  })
  afterAll(() => client.close())

  const questions = answersOf('api')
  it.each(questions.map((answer) => [answer.path ?? '', answer.params, answer] as const))(
    '%s %j is as Loki tells it',
    async (path, params, { status, text = '' }) => {
      const answer = await client.get(path, params)
      expect(answer.status).toBe(status)
      if (!text.startsWith('{')) return expect(answer.body.trim()).toBe(text)
      const plain = (json: string) => JSON.parse(JSON.stringify(unordered(json)), withoutMeasured)
      expect(difference(plain(answer.body), plain(text))).toBeUndefined()
    },
  )

  const get = async (path: string, params = {}) => JSON.parse((await client.get(path, params)).body)

  it('tells volumes by the labels that are asked for, the largest first', async () => {
    const params = { query: '{job="kafka-logs"}', targetLabels: 'source', limit: 2 }
    const { result } = (await get('/loki/api/v1/index/volume', params)).data
    expect(result.map(({ metric }: { metric: unknown }) => metric)).toEqual([
      { source: 'crm' },
      { source: 'paye d’été' },
    ])
  })

  it('tells no volume of streams without a label that is asked for, and takes 0 as no limit', async () => {
    const params = { query: '{job=~".+"}', targetLabels: 'job,level', limit: 0 }
    const { result } = (await get('/loki/api/v1/index/volume', params)).data
    expect(sorted(result.map(({ metric }: { metric: unknown }) => metric))).toEqual(
      ['debug', 'error', 'info', 'warn'].map((level) => ({ job: 'app', level })),
    )
  })

  it('tells where in JSON fields are, and what their last values are', async () => {
    const { fields } = await get('/loki/api/v1/detected_fields', { query: '{job="kafka-logs"}' })
    const field = (label: string) => fields.find((each: { label: string }) => each.label === label)
    expect(field('meta_host')).toMatchObject({ parsers: ['json'], jsonPath: ['meta', 'host'] })
    expect(field('etat_extracted').jsonPath).toEqual(['etat'])
    expect(field('big').type).toBe('float')
  })

  it.each([
    ['detected_fields', { query: '{job="app"} | pattern "<first> <_>"', limit: 1 }, null],
    ['detected_fields', { query: '{job="app"} | logfmt', limit: 1 }, ['logfmt']],
  ])('tells no parser of what only the query takes out: %s %j', async (path, params, parsers) => {
    const { fields } = await get(`/loki/api/v1/${path}`, params)
    expect(fields).toMatchObject([{ parsers }])
  })

  it.each(['detected_labels', 'detected_fields', 'detected_field/x/values'])(
    'tells nothing in an empty object: %s',
    async (path) => expect(await get(`/loki/api/v1/${path}`, { query: '{job="nothing"}' })).toEqual({}),
  )

  it('counts what is in segments', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vigie-facts-'))
    const entry = { seconds: 1_795_093_200, nanos: 0, line: Buffer.from('four'), metadata: undefined }
    const written = openStore(folder)
    written.append('fake', [{ key: '{a="b"}', labels: new Map([['a', 'b']]), entries: [entry] }])
    written.close()
    const store = openStore(folder)
    const other = await served({ store })
    const { body } = await other.get('/loki/api/v1/index/stats', { query: '{a="b"}' })
    expect(JSON.parse(body)).toEqual({ streams: 1, chunks: 1, entries: 1, bytes: 4 })
    await other.close()
    store.close()
    rmSync(folder, { recursive: true })
  })

  it('tells all streams where none is asked for', async () => {
    const all = (await get('/loki/api/v1/series')).data
    expect(all).toHaveLength(27)
    expect((await get('/loki/api/v1/series', { 'match[]': '{ }' })).data).toEqual(all)
  })

  it('tells volumes by the names of labels', async () => {
    const params = { query: '{job="app"}', aggregateBy: 'labels', targetLabels: 'pod,level' }
    const { result } = (await get('/loki/api/v1/index/volume', params)).data
    expect(result.map(({ metric }: { metric: unknown }) => metric)).toEqual([{ level: '' }, { pod: '' }])
  })

  it('tells volumes over time, which sum up to all', async () => {
    const params = { query: '{job="kafka-logs"}', step: '1h' }
    const { resultType, result } = (await get('/loki/api/v1/index/volume_range', params)).data
    expect(resultType).toBe('matrix')
    const sum = result[0].values.reduce(
      (total: number, [, bytes]: [number, string]) => total + Number(bytes),
      0,
    )
    expect(Math.abs(sum - 58_770)).toBeLessThan(20)
  })

  it('takes a form by POST', async () => {
    const form = stringify({ 'match[]': ['{job="dups"}', '{job="plain"}'] })
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const { body } = await client.post('/loki/api/v1/series', form, headers)
    expect(sorted(JSON.parse(body).data)).toEqual([{ job: 'dups' }, { job: 'plain' }])
  })

  it('reads a form before the URL', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const ask = async (url: string, form: string) =>
      JSON.parse((await client.post(url, form, headers)).body).data
    const url = `/loki/api/v1/label/job/values?${stringify({ query: '{job="app"}' })}`
    expect(await ask(url, stringify({ query: '{job="dups"}' }))).toEqual(['dups'])
    expect(await ask(url, '')).toEqual(['app'])
  })

  it.each([
    ['/loki/api/v1/series', { 'match[]': '' }, 'parse error'],
    ['/loki/api/v1/series', { 'match[]': ['{job="app"}', '{}'] }, 'parse error'],
    ['/loki/api/v1/detected_fields', { query: '{job="app"}', limit: 0 }, 'limit must be a positive value'],
    ['/loki/api/v1/series', { 'match[]': '{job="a"} |= "b"' }, 'only label matchers are supported'],
    ['/loki/api/v1/labels', { start: 'yesterday' }, "could not parse 'start' parameter"],
    ['/loki/api/v1/labels', { start: 2, end: 1 }, 'end timestamp must not be before or equal to start time'],
    ['/loki/api/v1/labels', { since: 'long' }, 'cannot parse "long" to a valid duration'],
  ])('%s %j is refused', async (path, params, message) => {
    const { status, body } = await client.get(path, params)
    expect(status).toBe(400)
    expect(body).toContain(message)
  })

  it('mines no patterns', async () => {
    expect(await client.get('/loki/api/v1/patterns', { query: '{job="app"}' })).toMatchObject({ status: 404 })
  })

  it('is ready, and says what it is', async () => {
    expect(await client.get('/ready')).toEqual({ status: 200, body: 'ready\n' })
    const { body } = await client.get('/metrics')
    expect(body).toContain('loki_build_info{version="3.7.6",branch="vigie-embedded"} 1')
    expect(body).toMatch(/loki_distributor_lines_received_total{tenant="fake"} \d+/)
    expect(body).toContain('vigie_store_running_queries 0')
  })

  it('prints a configuration that reads back, and whose limits the shipper reads', async () => {
    const { body } = await client.get('/config')
    expect(readConfig(body)).toMatchObject({ ingester: { max_chunk_age: 17_520 * 3_600_000 } })
    expect(readLimits(body)).toMatchObject({
      maxLineBytes: 262_144,
      burstBytes: 128 * 1_048_576,
      maxAgeMs: undefined,
    })
  })
})

describe('tenants', () => {
  let client: Client
  beforeAll(async () => {
    client = await served({ config: readConfig('') })
  })
  afterAll(() => client.close())
  const push = (tenant: string) =>
    client.post(
      '/loki/api/v1/push',
      '{"streams": [{"stream": {"of": "me"}, "values": [["1795093260000000000", "x"]]}]}',
      {
        'Content-Type': 'application/json',
        'X-Scope-OrgID': tenant,
      },
    )

  it('see what is theirs', async () => {
    expect((await push('one')).status).toBe(204)
    const labels = async (tenant: string) =>
      JSON.parse((await client.get('/loki/api/v1/labels', {}, { 'X-Scope-OrgID': tenant })).body).data
    expect(await labels('one')).toEqual(['of'])
    expect(await labels('two')).toBeUndefined()
  })

  it.each([
    ['', 401, 'no org id'],
    ['..', 400, "tenant ID is '.' or '..'"],
    ['a/b', 400, "tenant ID 'a/b' contains unsupported character '/'"],
    ['x'.repeat(151), 400, 'tenant ID is too long: max 150 characters'],
  ])('%j is refused', async (tenant, status, message) => {
    expect(await push(tenant)).toEqual({ status, body: `${message}\n` })
  })
})
