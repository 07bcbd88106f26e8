import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig } from '../../../embedded/config.ts'
import { type Served, serveApi } from '../../../embedded/main.ts'
import { exchange, type HttpResponse } from '../../../loki/http.ts'
import { PROJECT_ROOT } from '../../../stack/config.ts'
import { memoryStore } from '../memory-store.ts'

/** When the recorded questions were asked, in ms since 1970. */
export const RECORDED_MS = 1_795_093_260_000

export const SILENT = { error() {}, warn() {}, info() {}, debug() {} }

/** The configuration that the recordings were made with. */
export const projectConfig = () => readConfig(readFileSync(join(PROJECT_ROOT, 'loki', 'loki.yaml'), 'utf8'))

export type Params = Readonly<Record<string, string | number | readonly string[]>>

export type Client = Served & {
  get: (path: string, params?: Params, headers?: Record<string, string>) => Promise<HttpResponse>
  post: (path: string, body: string | Uint8Array, headers?: Record<string, string>) => Promise<HttpResponse>
}

/** The API on a free port, over a store in memory unless another is given. */
export async function served(options: Partial<Parameters<typeof serveApi>[0]> = {}): Promise<Client> {
  const server = await serveApi({
    store: memoryStore(),
    config: projectConfig(),
    log: SILENT,
    now: () => RECORDED_MS,
    ...options,
  })
  const ask = { timeoutMs: 10_000 }
  return {
    ...server,
    get: (path, params = {}, headers = {}) =>
      exchange({ ...ask, method: 'GET', url: `${server.url}${path}?${queryOf(params)}`, headers }),
    post: (path, body, headers = { 'Content-Type': 'application/json' }) =>
      exchange({ ...ask, method: 'POST', url: `${server.url}${path}`, headers, body: Buffer.from(body) }),
  }
}

export function queryOf(params: Params): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params))
    for (const each of Array.isArray(value) ? value : [value]) query.append(name, String(each))
  return query
}
