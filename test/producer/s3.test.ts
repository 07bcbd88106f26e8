import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { bucketAnswers, endpointOf, s3Client, s3Error, s3Object } from '../../producer/s3.ts'

const BODY = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251))

/**
 * jest runs tests in a realm of their own, where the SDK does not know Node's errors for errors and
 * wraps them, so that their code is lost; outside of jest this is S3_UNREACHABLE.
 */
const noAnswer = expect.stringMatching(/^S3_(UNREACHABLE|FAILED)$/)

/** How the fake server answers the requests, in turn; the last answers all that follow. */
type Answer = (request: IncomingMessage, response: ServerResponse) => void

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

/** An S3 server that misbehaves as told, the object in it, and what it was asked. */
async function faulty(...answers: Answer[]) {
  const asked: { range: unknown; ifMatch: unknown }[] = []
  const server = createServer((request, response) => {
    asked.push({ range: request.headers.range, ifMatch: request.headers['if-match'] })
    answers[Math.min(asked.length, answers.length) - 1]?.(request, response)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const env = {
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_MAX_ATTEMPTS: '1',
  }
  const client = s3Client(env)
  const waits: number[] = []
  const wait = async (delayMs: number) => waits.push(delayMs)
  const object = s3Object(client, endpointOf(env), 'my12data', 'logs.json', wait)
  return { asked, client, object, waits }
}

async function contentOf({ open }: { open: () => AsyncIterable<Uint8Array> }): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of open()) chunks.push(chunk)
  return Buffer.concat(chunks)
}

type Sent = { etag?: string; bytes?: number; body?: Buffer; headers?: Record<string, string> }

/** Serves the object from where the range says; cuts the connection after `bytes`, if they are given. */
const serves =
  ({ etag = '"one"', bytes, body = BODY, headers = {} }: Sent = {}): Answer =>
  (request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const range = `bytes ${from}-${body.length - 1}/${body.length}`
    response.writeHead(request.headers.range ? 206 : 200, {
      ETag: etag,
      'Content-Length': body.length - from,
      ...(request.headers.range ? { 'Content-Range': range } : {}),
      ...headers,
    })
    if (bytes === undefined) response.end(body.subarray(from))
    else response.write(body.subarray(from, from + bytes), () => request.socket.destroySoon())
  }
const cuts: Answer = (request) => request.socket.destroy()
const refuses =
  (status: number, code: string): Answer =>
  (_, response) => {
    response.writeHead(status, { 'Content-Type': 'application/xml' })
    response.end(
      `<?xml version="1.0"?><Error><Code>${code}</Code><Message>told by the test</Message></Error>`,
    )
  }

describe('a connection that breaks off', () => {
  test('is resumed where it stood, as the same object', async () => {
    const { asked, object, waits } = await faulty(serves({ bytes: 70_000 }), serves())
    expect((await contentOf(object)).equals(BODY)).toBe(true)
    const [first, second, ...others] = asked
    expect(first).toEqual({ range: undefined, ifMatch: undefined })
    expect(second?.ifMatch).toBe('"one"')
    expect(Number(/^bytes=(\d+)-$/.exec(String(second?.range))?.[1])).toBeLessThanOrEqual(70_000)
    expect(others).toEqual([])
    expect(waits).toEqual([200])
  })

  test('is resumed when the SDK checks a checksum on the way', async () => {
    const headers = { 'x-amz-checksum-crc32': 'AAAAAA==' }
    const { object } = await faulty(serves({ bytes: 70_000, headers }), serves())
    expect((await contentOf(object)).equals(BODY)).toBe(true)
  })

  test('may do so any number of times as long as it brings bytes', async () => {
    const { asked, object, waits } = await faulty(serves({ bytes: 10_000 }))
    expect((await contentOf(object)).equals(BODY)).toBe(true)
    expect(asked.length).toBeGreaterThanOrEqual(20)
    expect(new Set(waits)).toEqual(new Set([200]))
  })

  test('is given up after five attempts in a row without a byte', async () => {
    const { asked, object, waits } = await faulty(serves({ bytes: 10_000 }), cuts)
    await expect(contentOf(object)).rejects.toMatchObject({ code: noAnswer, canRetry: true })
    expect(asked).toHaveLength(6)
    expect(waits).toEqual([200, 400, 800, 1600, 3200])
  })

  test('is given up at once when nothing was ever answered', async () => {
    const { asked, object, waits } = await faulty(cuts)
    await expect(contentOf(object)).rejects.toMatchObject({ code: noAnswer })
    expect(asked).toHaveLength(1)
    expect(waits).toEqual([])
  })

  test('is resumed after the server was busy', async () => {
    const { object, waits } = await faulty(serves({ bytes: 10_000 }), refuses(503, 'SlowDown'), serves())
    expect((await contentOf(object)).equals(BODY)).toBe(true)
    expect(waits).toEqual([200, 400])
  })

  test('never mixes bytes up when the server ignores ranges', async () => {
    const whole: Answer = (request, response) => {
      delete request.headers.range
      serves()(request, response)
    }
    const { object } = await faulty(serves({ bytes: 10_000 }), whole)
    await expect(contentOf(object)).rejects.toMatchObject({ code: 'S3_FAILED' })
  })

  test('a wrong checksum at the end is an error, not something to resume', async () => {
    const { asked, object } = await faulty(serves({ headers: { 'x-amz-checksum-crc32': 'AAAAAA==' } }))
    await expect(contentOf(object)).rejects.toMatchObject({
      code: 'S3_FAILED',
      message: expect.stringContaining('Checksum mismatch'),
    })
    expect(asked).toHaveLength(1)
  })
})

describe('an object that is replaced', () => {
  test.each([
    ['the server says so', refuses(412, 'PreconditionFailed')],
    ['the server ignores If-Match', serves({ etag: '"two"' })],
  ])('while it is being read: %s', async (_, answer) => {
    const { asked, object } = await faulty(serves({ bytes: 10_000 }), answer)
    await expect(contentOf(object)).rejects.toMatchObject({
      code: 'S3_OBJECT_CHANGED',
      message: expect.stringContaining('s3://my12data/logs.json'),
    })
    expect(asked).toHaveLength(2)
  })

  test.each([
    ['the server says so', refuses(412, 'PreconditionFailed')],
    ['the server ignores If-Match', serves({ etag: '"two"' })],
  ])('between two readings: %s', async (_, answer) => {
    const { asked, object } = await faulty(serves(), answer)
    await contentOf(object)
    await expect(contentOf(object)).rejects.toMatchObject({ code: 'S3_OBJECT_CHANGED' })
    expect(asked[1]).toEqual({ range: undefined, ifMatch: '"one"' })
  })
})

test('an empty object, and one read twice', async () => {
  const empty = await faulty(serves({ body: Buffer.alloc(0) }))
  expect(await contentOf(empty.object)).toHaveLength(0)
  const { object } = await faulty(serves())
  expect((await contentOf(object)).equals(await contentOf(object))).toBe(true)
})

describe('refusals', () => {
  test.each([
    [404, 'NoSuchBucket', 'S3_BUCKET_MISSING'],
    [404, 'NoSuchKey', 'S3_KEY_MISSING'],
    [403, 'AccessDenied', 'S3_ACCESS_DENIED'],
    [403, 'SignatureDoesNotMatch', 'S3_ACCESS_DENIED'],
    [403, 'InvalidAccessKeyId', 'S3_ACCESS_DENIED'],
    [404, 'XAdminUserNotFound', 'S3_ACCESS_DENIED'],
    [500, 'InternalError', 'S3_FAILED'],
  ])('%d %s is %s', async (status, name, code) => {
    const { object } = await faulty(refuses(status, name))
    await expect(contentOf(object)).rejects.toMatchObject({ code })
  })

  test.each([
    ['CredentialsProviderError', {}, 'S3_CREDENTIALS_MISSING'],
    ['TimeoutError', {}, 'S3_UNREACHABLE'],
    ['Error', { code: 'ENOTFOUND' }, 'S3_UNREACHABLE'],
    ['Error', { code: 'EPROTO' }, 'S3_FAILED'],
  ])('%s %j is %s', (name, details, code) => {
    const error = Object.assign(new Error('told by the test'), { name, ...details })
    const subject = { endpoint: 'http://127.0.0.1:1', bucket: 'my12data', uri: 's3://my12data/logs.json' }
    expect(s3Error(error, subject)).toMatchObject({ code, cause: error })
  })
})

describe('the probe for "S3 is up"', () => {
  test.each([
    [200, true],
    [403, true],
    [404, true],
    [503, false],
  ])('HTTP %d: %p', async (status, isUp) => {
    const { client } = await faulty(refuses(status, 'Any'))
    expect(await bucketAnswers(client, 'my12data')).toBe(isUp)
  })

  test('no answer: false', async () => {
    const { client } = await faulty(cuts)
    expect(await bucketAnswers(client, 'my12data')).toBe(false)
  })
})

test.each([
  [{ AWS_ENDPOINT_URL_S3: 'http://a:1', AWS_ENDPOINT_URL: 'http://b:1' }, 'http://a:1'],
  [{ AWS_ENDPOINT_URL_S3: '', AWS_ENDPOINT_URL: 'http://b:1' }, 'http://b:1'],
  [{ AWS_REGION: 'eu-west-3' }, 'https://s3.eu-west-3.amazonaws.com'],
])('messages name the endpoint of %j', (env, endpoint) => {
  expect(endpointOf(env)).toBe(endpoint)
})
