import { once } from 'node:events'
import { connect } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Client, RECORDED_MS, served } from './served.ts'

const SECONDS = RECORDED_MS / 1_000
const LINE = 'x'.repeat(200)

/** All that a server answers to these bytes; what is sent must end the connection. */
async function answered(url: string, text: string): Promise<string> {
  const connection = connect(Number(new URL(url).port), '127.0.0.1')
  let answer = ''
  connection.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1')
  })
  connection.write(text)
  await once(connection, 'close')
  return answer
}

const request = (first: string, headers: readonly string[], body = ''): string =>
  `${[`${first} HTTP/1.1`, 'Host: store', ...headers].join('\r\n')}\r\n\r\n${body}`

const CLOSE = 'Connection: close'
const H2C = ['Connection: Upgrade, HTTP2-Settings, close', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk']

describe('HTTP', () => {
  let client: Client
  beforeAll(async () => {
    client = await served()
    const values = Array.from({ length: 3_000 }, (_, index) => [
      `${SECONDS - 60}${String(index).padStart(9, '0')}`,
      LINE,
    ])
    await client.post('/loki/api/v1/push', JSON.stringify({ streams: [{ stream: { app: 'a' }, values }] }))
  })
  afterAll(() => client.close())

  it('answers requests that offer another protocol as if they did not, with their bodies', async () => {
    expect(await answered(client.url, request('GET /ready', H2C))).toMatch(
      /^HTTP\/1\.1 200 OK\r\n[\s\S]*ready\n$/,
    )
    const body = JSON.stringify({
      streams: [{ stream: { app: 'h2c' }, values: [[`${SECONDS}000000000`, 'x']] }],
    })
    const json = 'Content-Type: application/json'
    const length = `Content-Length: ${body.length}`
    const push = request('POST /loki/api/v1/push', [...H2C, json, length], body)
    expect(await answered(client.url, push)).toMatch(/^HTTP\/1\.1 204 /)
    const params = { query: 'count_over_time({app="h2c"}[1m])' }
    expect(JSON.parse((await client.get('/loki/api/v1/query', params)).body).data.result).toHaveLength(1)
  })

  it('answers WebSockets that are no tail, and tails that are no WebSocket, as requests', async () => {
    const socket = ['Connection: Upgrade, close', 'Upgrade: websocket']
    expect(await answered(client.url, request('GET /ready', socket))).toMatch(/^HTTP\/1\.1 200 /)
    expect(await answered(client.url, request('GET /loki/api/v1/tail', H2C))).toMatch(/^HTTP\/1\.1 404 /)
  })

  it.each(['http://elsewhere:1/ready', 'HTTPS://elsewhere/ready?x=1'])(
    'answers a request for a whole URL: %s',
    async (url) => {
      expect(await answered(client.url, request(`GET ${url}`, [CLOSE]))).toMatch(/^HTTP\/1\.1 200 /)
    },
  )

  const LOGS = `/loki/api/v1/query_range?query=${encodeURIComponent('{app="a"}')}&limit=3000`
  const raw = async (path: string, accepted: string) => {
    const answer = await answered(
      client.url,
      request(`GET ${path}`, [CLOSE, ...(accepted === '' ? [] : [`Accept-Encoding: ${accepted}`])]),
    )
    const at = answer.indexOf('\r\n\r\n')
    return { head: answer.slice(0, at), body: answer.slice(at + 4) }
  }
  /** The body of an answer in chunks. */
  const unchunked = (text: string): Buffer => {
    const parts: string[] = []
    for (let at = 0; ; ) {
      const end = text.indexOf('\r\n', at)
      const length = Number.parseInt(text.slice(at, end), 16)
      if (!(length > 0)) return Buffer.from(parts.join(''), 'latin1')
      parts.push(text.slice(end + 2, end + 2 + length))
      at = end + 2 + length + 2
    }
  }

  it('compresses long answers for who reads gzip, and they are the same', async () => {
    const plain = await raw(LOGS, '')
    const compressed = await raw(LOGS, 'deflate;q=0.5, gzip')
    expect(compressed.head).toMatch(/Content-Encoding: gzip/)
    expect(compressed.body.length * 10).toBeLessThan(plain.body.length)
    const withoutStats = (text: string) => JSON.parse(text).data.result
    expect(withoutStats(gunzipSync(unchunked(compressed.body)).toString())).toEqual(withoutStats(plain.body))
  })

  it.each([
    ['a short answer', '/ready', 'gzip'],
    ['a client that reads none', LOGS, ''],
    ['a client that refuses it', LOGS, 'gzip;q=0, identity'],
    ['another coding', LOGS, 'br'],
  ])('sends as it is: %s', async (_, path, accepted) => {
    const { head } = await raw(path, accepted)
    expect(head).toMatch(/^HTTP\/1\.1 200 /)
    expect(head).toMatch(/Content-Length: \d+/)
    expect(head).not.toMatch(/Content-Encoding/)
  })
})
