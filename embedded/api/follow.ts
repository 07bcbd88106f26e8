import { type WebSocket } from 'ws'
import { type LogExpr } from '../../logql/ast.ts'
import { evaluateLogs, type LogStream } from '../../logql/evaluate/logs.ts'
import { compileMatchers } from '../../logql/matchers.ts'
import { type Labels } from '../../logql/source.ts'
import { type Api, type Asked } from './api.ts'
import { ownTurn } from './drive.ts'
import { failureAnswer } from './failure.ts'
import { renderStream } from './log-query.ts'
import { runQuery } from './run-query.ts'
import { nowNs } from './selection.ts'
import {
  addWaiting,
  emptyTailBuffer,
  putBack,
  type TailBuffer,
  takeDropped,
  takeWaiting,
  type Waiting,
} from './tail-buffer.ts'
import { closeBecause, pinging } from './tail-socket.ts'
import { entryNs, oneByOne, type TailPipeline, tailedStream } from './tail-streams.ts'

/** How often what waits is sent. */
const SEND_EVERY_MS = 100
/** Nothing is added to a connection that has not taken so much yet: entries wait, then are dropped. */
const MAX_UNSENT_BYTES = 8 * 1_048_576
const MAX_ENTRIES_SENT = 1_000
/** A message takes no further entry after so many characters of lines, or after so much work. */
const MAX_CHARACTERS_SENT = 2 * 1_048_576
const MAX_WORK_MS = 10

/** What is stored already is sent in one message, and remembered so that nothing is sent twice. */
const MAX_HISTORY_CHARACTERS = 16 * 1_048_576

/** What a client asked to follow. */
export type Followed = {
  expr: LogExpr
  pipeline: TailPipeline
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
  const fail = (error: unknown) => {
    if (gone.signal.aborted) return
    clearInterval(timer)
    const { body } = failureAnswer(error, api.log, 'tail')
    closeBecause(socket, body.trim())
  }
  sendHistory(api, socket, followed, gone.signal).then((sent) => {
    if (gone.signal.aborted) return
    timer = setInterval(
      onceAtATime(async () => {
        // The timers of all tails fire together: each works in a turn of its own.
        await ownTurn()
        // Nobody else catches what is thrown here: it would end the process.
        try {
          if (!gone.signal.aborted) sendWaiting(socket, followed, buffer, sent)
        } catch (error) {
          fail(error)
        }
      }),
      SEND_EVERY_MS,
    )
  }, fail)
}

/** Does nothing while what it began before goes on. */
function onceAtATime(work: () => Promise<void>): () => Promise<void> {
  let isWorking = false
  return async () => {
    if (isWorking) return
    isWorking = true
    await work()
    isWorking = false
  }
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
    evaluateLogs(expr, source, {
      startNs,
      endNs,
      limit,
      direction: 'backward',
      maxCharacters: MAX_HISTORY_CHARACTERS,
    }),
  )
  // Where times are equal, what came last is first here.
  for (const { entries } of result.streams) entries.reverse()
  send(socket, oneByOne(result.streams, isCategorized), [], isCategorized)
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
  const { streams, taken } = firstOf(waiting, pipeline, isCategorized)
  putBack(buffer, waiting.slice(taken))
  send(
    socket,
    streams.filter(({ entries }) => !entries.every(({ timeNs, line }) => sent.has(`${timeNs} ${line}`))),
    dropped.map(({ labels, entry }) => ({ labels, timeNs: entryNs(entry) })),
    isCategorized,
  )
}

/** What a query makes of the first entries, as many as one message takes, and how many these are. */
function firstOf(waiting: readonly Waiting[], pipeline: TailPipeline, isCategorized: boolean) {
  const untilMs = performance.now() + MAX_WORK_MS
  const streams: LogStream[] = []
  let taken = 0
  let characters = 0
  for (const entry of waiting) {
    taken++
    const stream = tailedStream(pipeline, entry, isCategorized)
    if (stream !== undefined) streams.push(stream)
    for (const { line } of stream?.entries ?? []) characters += line.length
    if (characters >= MAX_CHARACTERS_SENT || performance.now() >= untilMs) break
  }
  return { streams, taken }
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
