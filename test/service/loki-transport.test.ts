import { createServer, type Server } from 'node:http'
import { type AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import winston from 'winston'
import { closeLogger, createLogger } from '../../service/logger.ts'
import { BoundedLokiTransport, MAX_LINE_CHARACTERS, MAX_WAITING_LINES } from '../../service/loki-transport.ts'

type Stream = { stream: Record<string, string>; values: [string, string][] }

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** A Loki that answers with these statuses, one after the other, then with 204; `undefined` is no answer at all. */
async function standIn(...statuses: (number | undefined)[]) {
  const pushes: Stream[][] = []
  let requests = 0
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      const status = requests < statuses.length ? statuses[requests] : 204
      requests++
      if (status === undefined) return
      if (status === 204) pushes.push((JSON.parse(body) as { streams: Stream[] }).streams)
      response.writeHead(status).end()
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const lines = (level?: string) =>
    pushes
      .flat()
      .filter(({ stream }) => level === undefined || stream.level === level)
      .flatMap(({ values }) => values.map(([, line]) => JSON.parse(line) as Record<string, unknown>))
  return { url, pushes, lines, requests: () => requests }
}

/** A logger into that Loki only; `push` sends what waits, as the transport does every 2 seconds. */
function loggerTo(url: string) {
  const failures: string[] = []
  const transport = new BoundedLokiTransport('shipper', { url, headers: {} }, (error) =>
    failures.push(String(error)),
  )
  const logger = winston.createLogger({ level: 'debug', transports: [transport] })
  return { logger, failures, push: () => transport.close() }
}

describe('own logs in Loki', () => {
  test('are JSON lines of streams by job, service and level', async () => {
    const loki = await standIn()
    const { logger, push, failures } = loggerTo(loki.url)
    logger.error('a partition is stuck', { topic: 'logs', labels_seen: 3 })
    logger.info('shipping')
    await push()
    expect(loki.pushes.flat().map(({ stream }) => stream)).toEqual([
      { job: 'vigie', level: 'error', service: 'shipper' },
      { job: 'vigie', level: 'info', service: 'shipper' },
    ])
    expect(loki.lines('error')).toEqual([
      { level: 'error', message: 'a partition is stuck', topic: 'logs', labels_seen: 3 },
    ])
    expect(failures).toEqual([])
  })

  test.each([503, 429])(
    'that Loki did not take for now (%s) are pushed again, before newer ones',
    async (status) => {
      const loki = await standIn(status)
      const { logger, push } = loggerTo(loki.url)
      logger.error('first')
      await push()
      expect(loki.lines()).toEqual([])
      logger.error('second')
      await push()
      expect(loki.lines().map(({ message }) => message)).toEqual(['first', 'second'])
    },
  )

  test('that Loki refuses are not pushed again', async () => {
    const loki = await standIn(400)
    const { logger, push } = loggerTo(loki.url)
    logger.error('refused')
    await push()
    logger.error('taken')
    await push()
    expect(loki.lines().map(({ message }) => message)).toEqual(['taken'])
  })

  test('are bounded while Loki is away: the oldest go first, and errors last', async () => {
    const loki = await standIn(503, 503)
    const { logger, push } = loggerTo(loki.url)
    for (let line = 0; line < 10; line++) logger.error('an error', { line })
    for (let line = 0; line < MAX_WAITING_LINES; line++) logger.info('an info', { line })
    await push()
    for (let line = 0; line < MAX_WAITING_LINES; line++) logger.warn('a warning', { line })
    await push()
    await push()
    expect(loki.lines()).toHaveLength(MAX_WAITING_LINES)
    expect(loki.lines('error')).toHaveLength(10)
    expect(loki.lines('info')).toEqual([])
    expect(loki.lines('warn').at(0)).toMatchObject({ line: 10 })
    expect(loki.lines('warn').at(-1)).toMatchObject({ line: MAX_WAITING_LINES - 1 })
  })

  test('of great length come without their details', async () => {
    const loki = await standIn()
    const { logger, push } = loggerTo(loki.url)
    logger.error('long', { text: 'x'.repeat(MAX_LINE_CHARACTERS) })
    await push()
    expect(loki.lines()).toEqual([
      { level: 'error', message: 'long', details: 'too long; they are on stderr' },
    ])
  })
})

describe('a service that ends', () => {
  const settings = { LOG_LEVEL: 'error', LOG_TO_LOKI: true } as const

  test('pushes its last lines at once', async () => {
    const loki = await standIn()
    const logger = createLogger('shipper', settings, { url: loki.url, headers: {} })
    for (const each of logger.transports) if (!(each instanceof BoundedLokiTransport)) each.silent = true
    logger.error('the service ends')
    const startedMs = performance.now()
    await closeLogger(logger)
    expect(performance.now() - startedMs).toBeLessThan(1_500)
    expect(loki.lines()).toMatchObject([{ message: 'the service ends', service: 'shipper' }])
  })

  test('waits two seconds at most for a Loki that does not answer', async () => {
    const loki = await standIn(undefined)
    const logger = createLogger('shipper', settings, { url: loki.url, headers: {} })
    for (const each of logger.transports) if (!(each instanceof BoundedLokiTransport)) each.silent = true
    logger.error('the service ends')
    const startedMs = performance.now()
    await closeLogger(logger)
    expect(performance.now() - startedMs).toBeLessThan(4_000)
    expect(loki.requests()).toBe(1)
  })

  test('pushes nothing when it was told not to', async () => {
    const loki = await standIn()
    const target = { url: loki.url, headers: {} }
    const logger = createLogger('shipper', { ...settings, LOG_TO_LOKI: false }, target)
    for (const each of logger.transports) each.silent = true
    logger.error('here only')
    await closeLogger(logger)
    expect(loki.requests()).toBe(0)
  })
})
