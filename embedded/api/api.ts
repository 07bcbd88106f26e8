import { type IncomingHttpHeaders } from 'node:http'
import { type Logger } from '../../service/log.ts'
import { type StoreConfig } from '../config.ts'
import { type InFlight } from '../push/body.ts'
import { type PushState } from '../push/state.ts'
import { type Store } from '../store/store.ts'
import { type Answer } from './answer.ts'
import { type ApiMetrics } from './metrics.ts'
import { type Turns } from './turns.ts'

/** What the ruler says of its rules, in the form of Prometheus' API. Empty while there is no ruler. */
export type RulerState = {
  /** The groups of `/prometheus/api/v1/rules`. */
  groups: readonly unknown[]
  /** The alerts of `/prometheus/api/v1/alerts`. */
  alerts: readonly unknown[]
  /** Rule files by namespace, as `/loki/api/v1/rules` tells them. */
  namespaces: Readonly<Record<string, readonly unknown[]>>
}

/** Bytes of large answers that clients have not taken yet, all together; with more than the limit no query begins. */
export type Untaken = { bytes: number; readonly limitBytes: number }

/** What handlers work with. */
export type Api = {
  store: Store
  config: StoreConfig
  pushes: PushState
  turns: Turns
  inFlight: InFlight
  untaken: Untaken
  metrics: ApiMetrics
  log: Logger
  /** Milliseconds since 1970. */
  now: () => number
  /** The state of one tenant's rules. */
  rulerState: (tenant: string) => RulerState
}

/** A request whose body, where it is a form, is among its parameters. */
export type Asked = {
  parameters: URLSearchParams
  headers: IncomingHttpHeaders
  tenant: string
  /** Fires when the client hangs up. */
  signal: AbortSignal
}

export type Handler = (api: Api, asked: Asked) => Answer | Promise<Answer>
