import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { exchange } from '../../loki/http.ts'

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const answers: Record<string, RequestListener> = {
  '/echo': async (request, response) => {
    const body = await bodyOf(request)
    const { method, headers } = request
    response.statusCode = 207
    response.end(JSON.stringify({ method, body: body.toString('hex'), headers }))
  },
  '/empty': (_, response) => void response.writeHead(204).end(),
  '/pieces': (_, response) => {
    response.write(Buffer.from('é').subarray(0, 1))
    response.end(Buffer.from('é').subarray(1))
  },
  '/silent': () => undefined,
  '/stalls': (_, response) => void response.writeHead(200).write('beginning'),
  '/breaks': (_, response) => {
    response.writeHead(200, { 'Content-Length': 100 })
    response.write('beginning', () => response.destroy())
  },
  '/hangs-up': (request) => void request.socket.destroy(),
}

let server: Server
let origin = ''
beforeAll(async () => {
  server = createServer((request, response) => answers[request.url ?? '']?.(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const get = (path: string, timeoutMs = 5_000) =>
  exchange({ method: 'GET', url: origin + path, headers: {}, timeoutMs })

describe('exchange', () => {
  test('sends method, headers and body, and gives status and body', async () => {
    const body = Buffer.from([0, 255, 10, 13])
    const headers = { 'X-Scope-OrgID': 'acme' }
    const answer = await exchange({ method: 'POST', url: `${origin}/echo`, headers, body, timeoutMs: 5_000 })
    expect(answer.status).toBe(207)
    expect(JSON.parse(answer.body)).toMatchObject({
      method: 'POST',
      body: '00ff0a0d',
      headers: { 'x-scope-orgid': 'acme', 'content-length': '4' },
    })
  })

  test('an answer without a body', async () => {
    expect(await get('/empty')).toEqual({ status: 204, body: '' })
  })

  test('a character that is split between two pieces of the answer', async () => {
    expect(await get('/pieces')).toEqual({ status: 200, body: 'é' })
  })

  test('connections are used again', async () => {
    const opened: unknown[] = []
    server.on('connection', (socket) => opened.push(socket))
    for (let turn = 0; turn < 4; turn++) await get('/empty')
    expect(opened.length).toBeLessThan(4)
  })

  test('a server that says nothing', async () => {
    await expect(get('/silent', 20)).rejects.toThrow('timed out after 20 ms')
  })

  test('a server that stops in the middle of its answer does not hang the caller', async () => {
    await expect(get('/stalls', 30)).rejects.toThrow('timed out after 30 ms')
  })

  test.each(['/breaks', '/hangs-up'])('a connection that ends before the answer does (%s)', async (path) => {
    await expect(get(path)).rejects.toThrow()
  })

  test('nobody listens', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    await new Promise((resolve) => other.close(resolve))
    const asking = exchange({
      method: 'GET',
      url: `http://127.0.0.1:${port}/`,
      headers: {},
      timeoutMs: 5_000,
    })
    await expect(asking).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})
