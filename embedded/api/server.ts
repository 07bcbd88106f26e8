import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { readBody } from '../push/body.ts'
import { type Answer, textAnswer } from './answer.ts'
import { type Api } from './api.ts'
import { failureAnswer } from './failure.ts'
import { answerPush, isPushPath } from './push.ts'
import { type Found, routeOf } from './routes.ts'
import { cancelled } from './run-query.ts'
import { send } from './send.ts'
import { tenantOf } from './tenant.ts'

/** As long as Loki keeps an idle connection: a client must not meet one that is being closed. */
const KEEP_ALIVE_MS = 120_000
const MAX_FORM_BYTES = 1_048_576

/** An HTTP server with all of the API but tails. It does not listen yet. */
export function createApiServer(api: Api): Server {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    void handle(api, request, response)
  })
  return server
}

async function handle(api: Api, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const startedMs = performance.now()
  const { path, query } = partsOf(request.url ?? '/')
  let answer: Answer
  let route = 'other'
  try {
    if (isPushPath(path)) {
      route = path
      answer = await answerPush(api, request, path)
    } else {
      const found = routeOf(path)
      route = found?.name ?? route
      answer = await routed(api, request, response, found, query)
    }
  } catch (error) {
    const failure = failureAnswer(error, api.log, path)
    answer = isPushPath(path) ? textAnswer(failure.status, failure.body) : failure
  }
  send(api, request, response, answer)
  api.metrics.answered(request.method ?? '', route, answer.status, (performance.now() - startedMs) / 1_000)
}

/** What stands before the path where a client names the whole URL, as it does to a proxy. */
const AUTHORITY = /^https?:\/\/[^/?]*/i

/** The path of a URL, and what stands behind its question mark. */
export function partsOf(url: string): { path: string; query: string } {
  const [before, query = ''] = splitOnce(url.replace(AUTHORITY, ''), '?')
  return { path: before === '' ? '/' : before, query }
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)]
}

async function routed(
  api: Api,
  request: IncomingMessage,
  response: ServerResponse,
  route: Found | undefined,
  query: string,
): Promise<Answer> {
  if (route === undefined) return textAnswer(404, '404 page not found')
  if (!route.methods.includes(request.method ?? '')) return textAnswer(405, '')
  const parameters = request.method === 'POST' ? await readForm(api, request) : new URLSearchParams()
  for (const [name, value] of new URLSearchParams(query)) parameters.append(name, value)
  for (const [name, part] of Object.entries(route.parts)) parameters.set(`:${name}`, decoded(part))
  const tenant = route.hasTenant ? tenantOf(request.headers, api.config.auth_enabled) : ''
  const gone = new AbortController()
  response.on('close', () => gone.abort(cancelled()))
  return await route.handler(api, { parameters, headers: request.headers, tenant, signal: gone.signal })
}

/** The parameters in a body that is a form. They stand before those of the URL, and so win, as in Go. */
async function readForm(api: Api, request: IncomingMessage): Promise<URLSearchParams> {
  const body = await readBody(request, MAX_FORM_BYTES, api.inFlight)
  const isForm = /^application\/x-www-form-urlencoded/i.test(request.headers['content-type'] ?? '')
  return new URLSearchParams(isForm ? body.toString('utf8') : '')
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part // No name of a label has a lone percent sign, so nothing is found under it.
  }
}
