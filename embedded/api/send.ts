import { type IncomingMessage, type ServerResponse } from 'node:http'
import { pipeline, Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { type Answer } from './answer.ts'
import { type Api } from './api.ts'

const SERVER_NAME = 'vigie-embedded'
/** A client that takes nothing of its answer for so long is left. */
const MAX_STANDSTILL_MS = 60_000
/** Shorter answers fit a packet of the network as they are. */
const LEAST_COMPRESSED_BYTES = 1_400
/** 2.6 MB of log lines took 4 ms of another thread and became a twelfth; level 6 took twice that for a fifth less. */
const GZIP_LEVEL = 1

/** Sends an answer, compressed where the client reads gzip. What the client has not taken yet counts as untaken. */
export function send(
  api: Pick<Api, 'untaken'>,
  request: IncomingMessage,
  response: ServerResponse,
  { status, contentType, body }: Answer,
): void {
  if (response.destroyed) return
  const bytes = bytesOf(body)
  const hasBody = status !== 204 && request.method !== 'HEAD'
  const isCompressed = hasBody && bytes >= LEAST_COMPRESSED_BYTES && readsGzip(request)
  const headers: Record<string, string | number> = { Server: SERVER_NAME }
  // What is left of a body that was refused is not read.
  if (!request.complete) headers.Connection = 'close'
  if (status !== 204) {
    headers['Content-Type'] = contentType
    headers['X-Content-Type-Options'] = 'nosniff'
    headers.Vary = 'Accept-Encoding'
    if (isCompressed) headers['Content-Encoding'] = 'gzip'
    else headers['Content-Length'] = bytes
  }
  response.writeHead(status, headers)
  if (!hasBody) response.end()
  else if (isCompressed) sendCompressed(api, response, body, bytes)
  else if (typeof body === 'string') response.end(body)
  else {
    countUntaken(api, response, bytes)
    for (const piece of body) response.write(piece)
    response.end()
  }
}

/** Pieces are compressed on other threads, one after the other as the client takes them. */
function sendCompressed(
  api: Pick<Api, 'untaken'>,
  response: ServerResponse,
  body: Answer['body'],
  bytes: number,
): void {
  countUntaken(api, response, bytes)
  const pieces = typeof body === 'string' ? [Buffer.from(body)] : body
  // A client that goes before the end fails it, and nobody is left to be told.
  pipeline(Readable.from(pieces), createGzip({ level: GZIP_LEVEL }), response, () => undefined)
}

function countUntaken({ untaken }: Pick<Api, 'untaken'>, response: ServerResponse, bytes: number): void {
  untaken.bytes += bytes
  response.on('close', () => {
    untaken.bytes -= bytes
  })
  response.setTimeout(MAX_STANDSTILL_MS, () => response.destroy())
}

/** Whether `Accept-Encoding` has gzip, or anything (`*`), with a weight that is not 0. */
function readsGzip({ headers }: IncomingMessage): boolean {
  const codings = String(headers['accept-encoding'] ?? '')
    .split(',')
    .map((coding) =>
      coding
        .trim()
        .toLowerCase()
        .split(/\s*;\s*q=/),
    )
  const weightOf = (name: string) => codings.find(([coding]) => coding === name)?.slice(1)
  const weight = weightOf('gzip') ?? weightOf('*')
  return weight !== undefined && Number(weight[0] ?? 1) > 0
}

const bytesOf = (body: Answer['body']): number =>
  typeof body === 'string' ? Buffer.byteLength(body) : body.reduce((sum, { length }) => sum + length, 0)
