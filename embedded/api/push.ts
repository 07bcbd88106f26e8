import { type IncomingMessage } from 'node:http'
import { decompressed, readBody } from '../push/body.ts'
import { decodeJsonPush, decodeOldJsonPush } from '../push/json.ts'
import { decodePush } from '../push/protobuf.ts'
import { push } from '../push/push.ts'
import { type PushedStream } from '../push/pushed.ts'
import { Refusal } from '../refusal.ts'
import { type Answer, textAnswer } from './answer.ts'
import { type Api } from './api.ts'
import { tenantOf } from './tenant.ts'

const PUSH_PATH = '/loki/api/v1/push'
const OLD_PUSH_PATH = '/api/prom/push'

export const isPushPath = (path: string): boolean => path === PUSH_PATH || path === OLD_PUSH_PATH

/** Takes a push: protobuf in Snappy, or JSON. Throws Refusal. */
export async function answerPush(api: Api, request: IncomingMessage, path: string): Promise<Answer> {
  if (request.method !== 'POST') return textAnswer(405, '')
  const tenant = tenantOf(request.headers, api.config.auth_enabled)
  const streams = await pushedStreams(api, request, path)
  const outcome = push(api.pushes, tenant, streams, api.now())
  api.metrics.pushed(tenant, outcome)
  return textAnswer(outcome.status, outcome.text)
}

/** JSON takes up to thirteen times its size while it is read: a push of `[0],[0],…` is the worst. */
const MAX_JSON_BYTES = 32 * 1_048_576

async function pushedStreams(api: Api, request: IncomingMessage, path: string): Promise<PushedStream[]> {
  const maxBytes = api.config.distributor.max_recv_msg_size
  const encoding = (request.headers['content-encoding'] ?? '').trim().toLowerCase()
  const contentType = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
  const isJson = contentType === 'application/json'
  const limitBytes = isJson ? Math.min(maxBytes, MAX_JSON_BYTES) : maxBytes
  const body = await readBody(request, limitBytes, api.inFlight)
  if (isJson) {
    const content = await decompressed(body, encoding, limitBytes)
    return path === OLD_PUSH_PATH ? decodeOldJsonPush(content) : decodeJsonPush(content)
  }
  const isOuter = encoding !== '' && encoding !== 'snappy'
  const inner = isOuter ? await decompressed(body, encoding, limitBytes) : body
  if (inner.length === 0) throw new Refusal(400, 'the body is empty')
  return decodePush(await decompressed(inner, 'snappy', limitBytes))
}
