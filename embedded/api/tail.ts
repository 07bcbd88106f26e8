import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import { type Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { compilePipeline } from '../../logql/stages/pipeline.ts'
import { Refusal } from '../refusal.ts'
import { type TextAnswer } from './answer.ts'
import { type Api } from './api.ts'
import { failureAnswer } from './failure.ts'
import { type Followed, follow } from './follow.ts'
import { entryLimit, isCategorizing } from './log-query.ts'
import { parsedQuery } from './parsed.ts'
import { nowNs } from './selection.ts'
import { partsOf } from './server.ts'
import { tailPipeline } from './tail-streams.ts'
import { tenantOf } from './tenant.ts'
import { countParameter, HOUR_NS, timeParameter } from './times.ts'
import { withoutUpgrade } from './upgrade.ts'

const TAIL_PATHS: readonly string[] = ['/loki/api/v1/tail', '/api/prom/tail']
/** Loki's longest `delay_for`, in seconds. */
const MAX_DELAY_SECONDS = 5
/** A client may take this long to say goodbye. */
const GOODBYE_MS = 1_000
/** Clients send nothing but pings and the end. */
const MAX_RECEIVED_BYTES = 4_096

const isTail = ({ url = '/', headers }: IncomingMessage): boolean =>
  TAIL_PATHS.includes(partsOf(url).path) && headers.upgrade?.trim().toLowerCase() === 'websocket'

/** Serves tails (WebSockets) on a server. Returns a function that ends them all. */
export function serveTails(api: Api, server: Server): () => void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_RECEIVED_BYTES })
  const counts = new Map<string, number>()
  server.on('upgrade', (request: IncomingMessage, connection: Duplex, head: Buffer) => {
    if (!isTail(request)) return withoutUpgrade(server, request, connection, head)
    try {
      const followed = followedBy(api, request, counts)
      sockets.handleUpgrade(request, connection, head, (socket) => {
        counted(api, followed.tenant, counts, 1)
        follow(api, socket, followed, () => counted(api, followed.tenant, counts, -1))
      })
    } catch (error) {
      refuse(connection, failureAnswer(error, api.log, request.url ?? ''))
    }
  })
  return () => {
    for (const socket of sockets.clients) {
      socket.close(1001, 'the store is closing')
      setTimeout(() => socket.terminate(), GOODBYE_MS).unref()
    }
    sockets.close()
  }
}

function counted(api: Api, tenant: string, counts: Map<string, number>, change: number): void {
  const count = (counts.get(tenant) ?? 0) + change
  if (count === 0) counts.delete(tenant)
  else counts.set(tenant, count)
  api.metrics.tails.inc(change)
}

function refuse(connection: Duplex, { status, contentType, body }: TextAnswer): void {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    `Content-Type: ${contentType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  connection.on('error', () => connection.destroy())
  connection.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function followedBy(api: Api, request: IncomingMessage, counts: ReadonlyMap<string, number>): Followed {
  const parameters = new URLSearchParams(partsOf(request.url ?? '/').query)
  const tenant = tenantOf(request.headers, api.config.auth_enabled)
  const { limits_config } = api.config
  const most = limits_config.max_concurrent_tail_requests
  const count = (counts.get(tenant) ?? 0) + 1
  if (most > 0 && count > most)
    throw new Refusal(400, `max concurrent tail requests limit exceeded, count > limit (${count} > ${most})`)
  const expr = parsedQuery(parameters)
  if (expr.kind !== 'log') throw new Refusal(400, 'only log queries can be followed')
  const delaySeconds = countParameter(parameters, 'delay_for', 0)
  if (delaySeconds < 0 || delaySeconds > MAX_DELAY_SECONDS)
    throw new Refusal(400, `delay_for can't be greater than ${MAX_DELAY_SECONDS}`)
  return {
    expr,
    pipeline: tailPipeline(compilePipeline(expr.stages)),
    tenant,
    limit: entryLimit(parameters, limits_config),
    startNs: timeParameter(parameters, 'start', nowNs(api) - HOUR_NS),
    delayMs: delaySeconds * 1_000,
    isCategorized: isCategorizing(request),
  }
}
