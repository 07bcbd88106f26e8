import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { WebSocket } from 'ws'
import { readConfig } from '../../../embedded/config.ts'
import { type Client, type Params, queryOf, RECORDED_MS, served } from './served.ts'

const NS = 1_000_000n
const at = (ms: number): string => String(BigInt(RECORDED_MS + ms) * NS)
const config = readConfig('{ auth_enabled: false, limits_config: { max_concurrent_tail_requests: 2 } }')

const tailUrl = (url: string, params: Params): string =>
  `${url.replace('http', 'ws')}/loki/api/v1/tail?${queryOf(params)}`

type Message = { streams: { stream: object; values: unknown[][] }[]; encodingFlags?: string[] }

describe('following a query', () => {
  let client: Client
  const open: WebSocket[] = []
  beforeAll(async () => {
    client = await served({ config })
    await push([at(-7_200_000), 'too old'], [at(-2), 'one'], [at(-1), 'two'])
  })
  afterEach(async () => {
    for (const socket of open.splice(0)) {
      if (socket.readyState === WebSocket.CLOSED) continue
      socket.terminate()
      await once(socket, 'close')
    }
  })
  afterAll(() => client.close())

  const push = async (...values: unknown[]) => {
    const body = JSON.stringify({ streams: [{ stream: { app: 'a' }, values }] })
    expect(await client.post('/loki/api/v1/push', body)).toMatchObject({ status: 204 })
  }
  const tail = (params: Params, headers = {}): WebSocket => {
    const socket = new WebSocket(tailUrl(client.url, params), { headers })
    open.push(socket)
    return socket
  }
  const next = async (socket: WebSocket): Promise<Message> => {
    const [data] = await once(socket, 'message')
    return JSON.parse(String(data))
  }
  const linesOf = ({ streams }: Message) => streams.flatMap(({ values }) => values.map(([, line]) => line))

  it('tells what is stored, then what comes, each entry once', async () => {
    const socket = tail({ query: '{app="a"} |~ "o"', limit: 1 })
    expect(await next(socket)).toEqual({ streams: [{ stream: { app: 'a' }, values: [[at(-1), 'two']] }] })
    const message = next(socket)
    await push([at(-1), 'two'], [at(0), 'three'], [at(1), 'four'])
    expect(linesOf(await message)).toEqual(['four'])
  })

  it('tells each entry as a stream of its own, the oldest first', async () => {
    const socket = tail({ query: '{app="a"}', limit: 2, start: at(-10) })
    const { streams } = await next(socket)
    expect(streams.map(({ stream, values }) => [stream, values.length])).toEqual([
      [{ app: 'a' }, 1],
      [{ app: 'a' }, 1],
    ])
    const times = streams.map(({ values }) => String(values[0]?.[0]))
    expect(times).toEqual([...times].sort())
  })

  it('tells labels by where they come from, where that is asked for', async () => {
    const socket = tail(
      { query: '{app="a"} | logfmt | k="v"', start: at(10) },
      { 'X-Loki-Response-Encoding-Flags': 'categorize-labels' },
    )
    await once(socket, 'open')
    const message = next(socket)
    await push([at(20), 'k=v', { trace: 't' }])
    expect(await message).toEqual({
      streams: [
        {
          stream: { app: 'a' },
          values: [[at(20), 'k=v', { structuredMetadata: { trace: 't' }, parsed: { k: 'v' } }]],
        },
      ],
      encodingFlags: ['categorize-labels'],
    })
  })

  it('ends, alone, when its template does too much for an entry that comes', async () => {
    const socket = tail({ query: '{app="a"} | line_format "{{ repeat 2000000 __line__ }}"', start: at(90) })
    await once(socket, 'open')
    const closed = once(socket, 'close')
    await push([at(100), 'x'])
    const [code, reason] = await closed
    expect([code, String(reason)]).toEqual([1011, expect.stringContaining('template makes a text')])
    expect(await client.get('/ready')).toMatchObject({ status: 200 })
  })

  it('sends the entries that one message does not take in the next ones', async () => {
    const query = '{app="a"} | line_format "{{ repeat 600000 __line__ }}"'
    const socket = tail({ query, start: at(190) })
    await once(socket, 'open')
    const lengths: number[] = []
    const all = new Promise<void>((resolve) =>
      socket.on('message', (data) => {
        lengths.push(linesOf(JSON.parse(String(data))).length)
        if (lengths.reduce((sum, length) => sum + length, 0) === 5) resolve()
      }),
    )
    await push(...[200, 201, 202, 203, 204].map((ms) => [at(ms), 'x']))
    await all
    expect(Math.max(...lengths)).toBeLessThan(5)
  })

  const refusalOf = async (params: Params, url = client.url): Promise<number | undefined> => {
    const socket = new WebSocket(tailUrl(url, params))
    const [request, response] = await once(socket, 'unexpected-response')
    request.destroy()
    return response.statusCode
  }
  it.each([
    { query: '{app="a"' },
    { query: 'rate({app="a"}[1m])' },
    { query: '{app="a"}', delay_for: 6 },
    { query: '{app="a"}', limit: 5_001 },
  ])('%j is refused', async (params) => {
    expect(await refusalOf(params)).toBe(400)
  })

  it('is for so many at once, and ends with the server', async () => {
    const other = await served({ config })
    const sockets = [1, 2].map(() => new WebSocket(tailUrl(other.url, { query: '{app="a"}' })))
    await Promise.all(sockets.map((socket) => once(socket, 'open')))
    expect(await refusalOf({ query: '{app="a"}' }, other.url)).toBe(400)
    const closed = Promise.all(sockets.map((socket) => once(socket, 'close')))
    await other.close()
    expect((await closed).map(([code]) => code)).toEqual([1001, 1001])
  })
})
