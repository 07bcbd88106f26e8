import { type WebSocket } from 'ws'
import { type LogExpr } from '../../logql/ast.ts'
import { evaluateLogs, type LogStream } from '../../logql/evaluate/logs.ts'
import { compileMatchers } from '../../logql/matchers.ts'
import { type Labels } from '../../logql/source.ts'
import { type Pipeline } from '../../logql/stages/pipeline.ts'
import { type Api, type Asked } from './api.ts'
import { failureAnswer } from './failure.ts'
import { byStreamLabels, renderStream } from './log-query.ts'
import { runQuery } from './run-query.ts'
import { nowNs } from './selection.ts'
import { addWaiting, emptyTailBuffer, type TailBuffer, takeDropped, takeWaiting } from './tail-buffer.ts'
import { entryNs, streamsOf } from './tail-streams.ts'

/** How often what waits is sent. */
const SEND_EVERY_MS = 100
const PING_EVERY_MS = 20_000
/** Nothing is added to a connection that has not taken so much yet: entries wait, then are dropped. */
const MAX_UNSENT_BYTES = 8 * 1_048_576
const MAX_ENTRIES_SENT = 1_000

/** What a client asked to follow. */
export type Followed = {
  expr: LogExpr
  pipeline: Pipeline
  tenant: string
  /** The most entries of those that are stored already. */
  limit: number
  startNs: bigint
  delayMs: number
  isCategorized: boolean
}

/** Sends a client what is stored since `startNs`, then what is stored from now on; calls `onEnd` when it has gone. */
export function follow(api: Api, socket: WebSocket, followed: Followed, onEnd: () => void): void {
  const buffer = emptyTailBuffer()
  const gone = new AbortController()
  const stopListening = listen(api, followed, buffer)
  let timer: NodeJS.Timeout | undefined
  const ping = pinging(socket)
  socket.on('error', () => socket.terminate())
  socket.on('close', () => {
    gone.abort()
    stopListening()
    clearInterval(timer)
    clearInterval(ping)
    onEnd()
  })
  sendHistory(api, socket, followed, gone.signal).then(
    (sent) => {
      if (gone.signal.aborted) return
      timer = setInterval(() => sendWaiting(socket, followed, buffer, sent), SEND_EVERY_MS)
    },
    (error: unknown) => {
      if (gone.signal.aborted) return
      const { body } = failureAnswer(error, api.log, 'tail')
      socket.close(1011, body.trim().slice(0, 100))
    },
  )
}

function pinging(socket: WebSocket): NodeJS.Timeout {
  let isAlive = true
  socket.on('pong', () => {
    isAlive = true
  })
  return setInterval(() => {
    if (!isAlive) return socket.terminate()
    isAlive = false
    socket.ping()
  }, PING_EVERY_MS)
}

/** Puts what is stored from now on into the buffer, where its labels match. */
function listen(api: Api, { expr, tenant }: Followed, buffer: TailBuffer): () => void {
  const matches = compileMatchers(expr.matchers)
  return api.store.listen((name, streams) => {
    if (name !== tenant) return
    const arrivedMs = performance.now()
    for (const { labels, entries } of streams)
      if (matches(labels)) for (const entry of entries) addWaiting(buffer, { labels, entry, arrivedMs })
  })
}

/** Names of entries that were sent already, so that none is sent twice. */
type Sent = ReadonlySet<string>

async function sendHistory(
  api: Api,
  socket: WebSocket,
  { expr, tenant, startNs, limit, isCategorized }: Followed,
  signal: AbortSignal,
): Promise<Sent> {
  const asked: Asked = { parameters: new URLSearchParams(), headers: {}, tenant, signal }
  const endNs = nowNs(api) + 1n
  const { result } = await runQuery(api, asked, (source) =>
    evaluateLogs(expr, source, { startNs, endNs, limit, direction: 'backward' }),
  )
  for (const { entries } of result.streams) entries.reverse()
  send(socket, isCategorized ? byStreamLabels(result.streams, 'forward') : result.streams, [], isCategorized)
  return new Set(
    result.streams.flatMap(({ entries }) => entries.map(({ timeNs, line }) => `${timeNs} ${line}`)),
  )
}

function sendWaiting(
  socket: WebSocket,
  { pipeline, delayMs, isCategorized }: Followed,
  buffer: TailBuffer,
  sent: Sent,
): void {
  if (socket.bufferedAmount > MAX_UNSENT_BYTES) return
  const waiting = takeWaiting(buffer, performance.now() - delayMs, MAX_ENTRIES_SENT)
  const dropped = takeDropped(buffer)
  if (waiting.length === 0 && dropped.length === 0) return
  const streams = streamsOf(waiting, pipeline, isCategorized)
    .map(({ labels, entries }) => ({
      labels,
      entries: entries.filter(({ timeNs, line }) => !sent.has(`${timeNs} ${line}`)),
    }))
    .filter(({ entries }) => entries.length > 0)
  send(
    socket,
    streams,
    dropped.map(({ labels, entry }) => ({ labels, timeNs: entryNs(entry) })),
    isCategorized,
  )
}

type Dropped = { labels: Labels; timeNs: bigint }

function send(
  socket: WebSocket,
  streams: readonly LogStream[],
  dropped: readonly Dropped[],
  isCategorized: boolean,
): void {
  if (streams.length === 0 && dropped.length === 0) return
  const message = {
    streams: streams.map((stream) => renderStream(stream, isCategorized)),
    ...(isCategorized ? { encodingFlags: ['categorize-labels'] } : {}),
    ...(dropped.length === 0
      ? {}
      : {
          dropped_entries: dropped.map(({ labels, timeNs }) => ({
            timestamp: String(timeNs),
            labels: Object.fromEntries(labels),
          })),
        }),
  }
  socket.send(JSON.stringify(message))
}
