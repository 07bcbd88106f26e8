import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { compressSync } from 'snappy'
import { readConfig } from '../../../embedded/config.ts'
import { encodePush } from '../../../loki/encode.ts'
import { outcomeOf } from '../../../loki/outcome.ts'
import { answersOf } from '../../logql/recorded.ts'
import { type Client, RECORDED_MS, served } from './served.ts'

const NOW = RECORDED_MS / 1_000
const at = (seconds: number): string => `${seconds}000000000`
const pushOf = (stream: Record<string, string>, ...values: unknown[]): string =>
  JSON.stringify({ streams: [{ stream, values }] })

/** What was pushed is in the names of the recordings only. */
const PUSHED: Readonly<Record<string, string>> = {
  'no labels': pushOf({}, [at(NOW), 'x']),
  'bad label name': pushOf({ 'a-b': 'c' }, [at(NOW), 'x']),
  'bad timestamp': '{"streams": [{"stream": {"a": "b"}, "values": [["abc", "x"]]}]}',
  'line not text': '{"streams": [{"stream": {"a": "b"}, "values": [["1795082400000000000", 5]]}]}',
  'long line': pushOf({ a: 'b' }, [at(NOW), 'x'.repeat(300_000)]),
  future: pushOf({ a: 'b' }, [at(1_895_082_400), 'x']),
  'many labels': pushOf(Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`l${index}`, 'v'])), [
    at(NOW),
    'x',
  ]),
  'long label': pushOf({ a: 'v'.repeat(3_000) }, [at(NOW), 'x']),
  'empty streams': '{"streams": []}',
  'not json': '{"streams": [',
  'half good': pushOf({ half: 'good' }, [at(NOW), 'x'], [at(1_895_082_400), 'y']),
  'metadata not text': pushOf({ a: 'b' }, [at(NOW), 'x', { k: 5 }]),
  'duplicate label':
    '{"streams": [{"stream": {"a": "b", "a": "c"}, "values": [["1795082400000000000", "x"]]}]}',
}
/** Words that are Loki's JSON parser's own; ours names the same place. */
const OWN_WORDS = /^(loghttp\.PushRequest\.Streams: \[\]loghttp\.LogProtoStream: )/

describe('pushes', () => {
  let client: Client
  beforeAll(async () => {
    client = await served()
  })
  afterAll(() => client.close())

  it.each(answersOf('push').map((answer) => [answer.name ?? '', answer] as const))(
    'answers “%s” as Loki does',
    async (name, { status, text = '' }) => {
      const answer = await client.post('/loki/api/v1/push', PUSHED[name] ?? '')
      expect(answer.status).toBe(status)
      const [expected] = OWN_WORDS.exec(text) ?? [text]
      // The recording cut long answers.
      expect(answer.body.trim().slice(0, expected.length)).toBe(expected)
    },
  )

  it('has stored the good half of a push', async () => {
    const { body } = await client.get('/loki/api/v1/series', { 'match[]': '{half="good"}' })
    expect(JSON.parse(body).data).toEqual([{ half: 'good' }])
  })

  const body = pushOf({ by: 'json' }, [at(NOW), 'x'])
  const message = encodePush([
    {
      labels: '{by="protobuf"}',
      entries: [{ seconds: NOW, nanos: 1, line: Buffer.from('x'), metadata: [['k', 'v']] }],
    },
  ])
  it.each([
    ['JSON', body, 'application/json; charset=utf-8', ''],
    ['JSON, gzip', gzipSync(body), 'application/json', 'gzip'],
    ['JSON, deflate', deflateSync(body), 'application/json', 'deflate'],
    ['JSON, bare deflate', deflateRawSync(body), 'application/json', 'deflate'],
    ['JSON, snappy', compressSync(body), 'application/json', 'snappy'],
    ['protobuf', compressSync(message), 'application/x-protobuf', ''],
    ['protobuf, named', compressSync(message), 'application/x-protobuf', 'snappy'],
    ['protobuf, gzip', gzipSync(compressSync(message)), 'application/x-protobuf', 'gzip'],
  ])('takes %s', async (_, sent, type, encoding) => {
    const headers = { 'Content-Type': type, ...(encoding === '' ? {} : { 'Content-Encoding': encoding }) }
    expect(await client.post('/loki/api/v1/push', sent, headers)).toEqual({ status: 204, body: '' })
  })

  it('takes the older form', async () => {
    const old = JSON.stringify({
      streams: [{ labels: '{by="old"}', entries: [{ ts: '2026-11-19T13:00:00.25+01:00', line: 'x' }] }],
    })
    expect(await client.post('/api/prom/push', old)).toMatchObject({ status: 204 })
  })

  it.each([
    ['random bytes', Buffer.from('not snappy at all')],
    ['nothing', Buffer.alloc(0)],
    ['a cut message', compressSync(message.subarray(0, 20))],
    ['a claim of 4 GB', Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0x00])],
  ])('refuses %s', async (_, sent) => {
    const { status } = await client.post('/loki/api/v1/push', sent, {
      'Content-Type': 'application/x-protobuf',
    })
    expect(status).toBe(400)
  })

  it('takes pushes by POST only', async () => {
    expect((await client.get('/loki/api/v1/push')).status).toBe(405)
  })

  it('refuses what is too large, so that its client sees why', async () => {
    const config = readConfig('{ auth_enabled: false, distributor: { max_recv_msg_size: 100KB } }')
    const small = await served({ config })
    const refused = { status: 413, body: expect.stringMatching(/^message size too large than max/) }
    expect(await small.post('/loki/api/v1/push', 'x'.repeat(150_000))).toMatchObject(refused)
    const bomb = { 'Content-Type': 'application/x-protobuf' }
    expect(await small.post('/loki/api/v1/push', compressSync(Buffer.alloc(150_000)), bomb)).toMatchObject(
      refused,
    )
    const gzip = { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }
    expect(await small.post('/loki/api/v1/push', gzipSync(Buffer.alloc(150_000)), gzip)).toMatchObject(
      refused,
    )
    expect(outcomeOf(413, 'message size too large than max').name).toBe('too_large')
    await small.close()
  })
})
