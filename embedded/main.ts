import { type Server } from 'node:http'
import { type AddressInfo } from 'node:net'
import { vigieError } from '../service/errors.ts'
import { type Logger } from '../service/log.ts'
import { type Api, type RulerState } from './api/api.ts'
import { createMetrics } from './api/metrics.ts'
import { createApiServer } from './api/server.ts'
import { createTurns } from './api/turns.ts'
import { type StoreConfig } from './config.ts'
import { createPushState } from './push/push.ts'
import { type Store } from './store/store.ts'

export type ServeOptions = {
  store: Store
  config: StoreConfig
  log: Logger
  host?: string
  /** 0 takes a free one. */
  port?: number
  rulerState?: Api['rulerState']
  flush?: () => void
  /** Milliseconds since 1970. */
  now?: () => number
}

export type ServedApi = { url: string; close: () => Promise<void> }

const NO_RULES: RulerState = { groups: [], alerts: [], namespaces: {} }

/** Serves Loki's HTTP API over a store. Throws PORT_IN_USE. Closing it does not close the store. */
export async function serveApi({
  store,
  config,
  log,
  host = '127.0.0.1',
  port = 0,
  rulerState = () => NO_RULES,
  flush = () => {},
  now = Date.now,
}: ServeOptions): Promise<ServedApi> {
  const turns = createTurns(config.querier.max_concurrent || Number.POSITIVE_INFINITY)
  const metrics = createMetrics(store, { runningQueries: turns.running, waitingQueries: turns.waiting })
  const pushes = createPushState(store, config)
  const api: Api = { store, config, pushes, turns, metrics, log, now, rulerState, flush }
  const server = createApiServer(api)
  await listening(server, host, port)
  const address = server.address() as AddressInfo
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`
  return { url, close: () => closed(server) }
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? vigieError('PORT_IN_USE', {
              port,
              service: 'the embedded store',
              user: 'another process',
              setting: 'LOKI_HTTP_PORT',
            })
          : error,
      ),
    )
    server.listen(port, host, resolve)
  })
}

/** Requests may take this long to end. */
const PATIENCE_MS = 5_000

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), PATIENCE_MS)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
}
