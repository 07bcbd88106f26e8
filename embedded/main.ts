import { type Server } from 'node:http'
import { type AddressInfo } from 'node:net'
import { vigieError } from '../service/errors.ts'
import { type Logger } from '../service/log.ts'
import { type Api, type RulerState } from './api/api.ts'
import { createMetrics } from './api/metrics.ts'
import { createApiServer } from './api/server.ts'
import { serveTails } from './api/tail.ts'
import { createTurns } from './api/turns.ts'
import { type StoreConfig } from './config.ts'
import { createPushState } from './push/state.ts'
import { alertsAnswer, namespacesAnswer, rulesAnswer } from './ruler/answers.ts'
import { type GroupState } from './ruler/evaluate.ts'
import { questionsOf } from './ruler/questions.ts'
import { type Ruler, type RulerSettings, startRuler } from './ruler/ruler.ts'
import { openStore } from './store/open.ts'
import { type Store } from './store/store.ts'

export type ServeOptions = {
  config: StoreConfig
  log: Logger
  /** Where to listen; the default is the machine itself only. */
  host?: string
  /** 0, the default, takes a free one. */
  port?: number
  /** What the ruler says of its rules; nothing by default. */
  rulerState?: Api['rulerState']
  /** Milliseconds since 1970. */
  now?: () => number
  /** See `Untaken`. */
  maxUntakenBytes?: number
}

/** A server that listens at `url`. `close` resolves when it has answered what it was asked, and has gone. */
export type Served = { url: string; close: () => Promise<void> }

/**
 * Opens the store in a folder, serves Loki's HTTP API over it, evaluates the rules of the configuration's
 * `ruler`, and deletes what is older than the retention period. Throws what `openStore` throws, and
 * PORT_IN_USE. `store` is for callers that read and write without HTTP.
 */
export async function serveStore({
  folder,
  ...options
}: ServeOptions & { folder: string }): Promise<Served & { store: Store }> {
  const { config, log, now = Date.now } = options
  const onNotice = (message: string) => void log.warn(message)
  const store = openStore(folder, { onNotice, nowMs: now })
  const retention = retaining(store, config, now)
  let ruler: Ruler | undefined
  try {
    const rulerState = (tenant: string) => stateOf(ruler?.groups(tenant) ?? [])
    const { url, close } = await serveApi({ rulerState, ...options, store })
    ruler = startStoreRuler(store, config, url, log)
    return {
      url,
      store,
      async close() {
        clearInterval(retention)
        await ruler?.stop()
        await close()
        store.close()
      },
    }
  } catch (error) {
    clearInterval(retention)
    store.close()
    throw error
  }
}

/** Starts the ruler where the configuration names a folder of rules. */
function startStoreRuler(store: Store, config: StoreConfig, url: string, log: Logger): Ruler | undefined {
  const { alertmanager_url, evaluation_interval, poll_interval, resend_delay, external_url, storage } =
    config.ruler
  const { directory } = storage.local
  if (!directory) return undefined
  const settings: RulerSettings = {
    directory,
    alertmanagerUrl: alertmanager_url || undefined,
    externalUrl: external_url || url,
    evaluationMs: evaluation_interval,
    pollMs: poll_interval,
    resendMs: resend_delay,
  }
  const maxSeries = config.limits_config.max_query_series || Number.POSITIVE_INFINITY
  const never = new AbortController().signal
  return startRuler(settings, (tenant) => questionsOf(store, tenant, maxSeries, never), log)
}

/** What the API says of rules. */
const stateOf = (groups: readonly GroupState[]): RulerState => ({
  ...rulesAnswer(groups),
  ...alertsAnswer(groups),
  namespaces: namespacesAnswer(groups),
})

const RETAIN_EVERY_MS = 600_000

/** Deletes what is too old, now and again and again, where the configuration wants it. */
function retaining(store: Store, config: StoreConfig, now: () => number): NodeJS.Timeout | undefined {
  const { retention_period } = config.limits_config
  if (!config.compactor.retention_enabled || retention_period === 0) return undefined
  const retain = () => store.retain(BigInt(Math.floor(now() - retention_period)) * 1_000_000n)
  retain()
  return setInterval(retain, RETAIN_EVERY_MS).unref()
}

/** Five of the largest answers of a matrix: 500 series at 11,000 steps took 104 MB. */
const MAX_UNTAKEN_BYTES = 512 * 1_048_576

const NO_RULES: RulerState = { groups: [], alerts: [], namespaces: {} }

/** Serves Loki's HTTP API over an open store, which closing it leaves open. Throws PORT_IN_USE. */
export async function serveApi({
  store,
  config,
  log,
  host = '127.0.0.1',
  port = 0,
  rulerState = () => NO_RULES,
  now = Date.now,
  maxUntakenBytes = MAX_UNTAKEN_BYTES,
}: ServeOptions & { store: Store }): Promise<Served> {
  const turns = createTurns(config.querier.max_concurrent || Number.POSITIVE_INFINITY)
  const metrics = createMetrics(store, { runningQueries: turns.running, waitingQueries: turns.waiting })
  const pushes = createPushState(store, config)
  // Two bodies of the largest size may come at once, or many small ones.
  const inFlight = { bytes: 0, limitBytes: 2 * config.distributor.max_recv_msg_size }
  const untaken = { bytes: 0, limitBytes: maxUntakenBytes }
  const api: Api = { store, config, pushes, turns, inFlight, untaken, metrics, log, now, rulerState }
  const server = createApiServer(api)
  const endTails = serveTails(api, server)
  await listening(server, host, port)
  return {
    url: urlOf(server, host),
    close() {
      endTails()
      return closed(server)
    },
  }
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error)
      const service = 'the embedded store'
      reject(
        vigieError('PORT_IN_USE', {
          port,
          service,
          user: 'another process',
          setting: '--port or LOKI_HTTP_PORT',
        }),
      )
    })
    server.listen(port, host, resolve)
  })
}

function urlOf(server: Server, host: string): string {
  const address: AddressInfo | string | null = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
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
