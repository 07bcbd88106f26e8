import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { type LogLine } from '../log/line.ts'
import { movedTo, type Normalised, serialise } from '../log/normalise.ts'
import { type VigieError, vigieError } from '../service/errors.ts'
import { type RawRecord, splitRecords } from './records.ts'
import { type Outgoing, type Rejects, reject, rejectRefused } from './rejects.ts'
import { type Sink } from './sink.ts'
import { type InputObject } from './source.ts'
import { count, newTally, type Tally } from './tally.ts'
import { dueMs, newEnd, type Pace, type TimeMode } from './times.ts'

export type { Outgoing } from './rejects.ts'
export type { Failure, Tally } from './tally.ts'

export type ReplayOptions = {
  topic: string
  times: TimeMode
  pace: Pace
  /** Stop at the first rejected record instead of setting it aside. */
  strict: boolean
  loop: boolean
  maxRecordBytes: number
  lingerMs: number
}

export type Replay = {
  inputs: readonly InputObject[]
  normalise: (raw: Uint8Array, keyCount?: number) => Normalised
  sink: Sink<Outgoing>
  options: ReplayOptions
  /** Called with the same tally over and over, after every few thousand records. */
  onProgress: (tally: Readonly<Tally>) => void
}

/** What the first of two passes learns: how many logs are valid, and when the first and last ended. */
export type Survey = { valid: number; oldestMs: number; newestMs: number }

/**
 * Reads everything once without sending: shifting needs the newest log before the first is sent. A
 * damaged gzip ends it early without an error: the second pass sends what there is, then says so.
 */
export async function survey(job: Replay, stop: AbortSignal): Promise<Survey> {
  const tally: Tally = { ...newTally(), phase: 'reading' }
  try {
    for await (const { records } of rawRecords(job, tally, stop)) {
      tally.read += records.length
      for (const record of records) {
        const result = normalised(job, record)
        if ('line' in result) count(tally, result.line, result.endMs)
      }
    }
  } catch (error) {
    if ((error as VigieError).code !== 'INPUT_GZIP_CORRUPT') throw error
  }
  return { valid: tally.sent, oldestMs: tally.firstMs, newestMs: tally.lastMs }
}

/**
 * Reads every log of the inputs and writes it to Kafka: valid ones to the topic of the logs, keyed by
 * source, the others to the rejected topic with the reason. `newestMs` is the newest log's end, as
 * `survey` found it, and `startMs` the moment that shifted logs end at. Resolves once Kafka has
 * acknowledged all, or, when `stop` fires, all that had been read. Throws INPUT_*, S3_* and KAFKA_*
 * errors; what was read before one is in Kafka all the same.
 */
export async function replay(
  job: Replay,
  newestMs: number,
  startMs: number,
  stop: AbortSignal,
): Promise<Tally> {
  const tally = newTally()
  const rejects = { sink: job.sink, isStrict: job.options.strict, tally }
  try {
    for (let roundStartMs = startMs; ; roundStartMs = Date.now()) {
      await sendAll(job, rejects, newestMs, roundStartMs, stop)
      if (!job.options.loop || stop.aborted || tally.sent === 0) break
      // An input that is all in memory would never let a signal through.
      await setImmediate()
    }
  } finally {
    await job.sink.flush()
  }
  await rejectRefused(rejects)
  await job.sink.flush()
  const uri = job.inputs.map((input) => input.uri).join(', ')
  if (tally.read === 0 && !stop.aborted) throw vigieError('INPUT_EMPTY', { uri })
  if (tally.read === 1 && tally.rejectedBy.missing_field === 1) throw vigieError('INPUT_NOT_A_LIST', { uri })
  return tally
}

/** Records come in lists, one for each piece of the input: an async step for each record would cost more than reading it. */
async function* rawRecords(
  job: Replay,
  tally: Tally,
  stop: AbortSignal,
): AsyncGenerator<{ records: RawRecord[]; uri: string }> {
  for (const { uri, open } of job.inputs) {
    for await (const records of splitRecords(open(), uri, job.options.maxRecordBytes)) {
      if (stop.aborted) return
      yield { records, uri }
      job.onProgress(tally)
    }
  }
}

async function sendAll(
  job: Replay,
  rejects: Rejects,
  newestMs: number,
  startMs: number,
  stop: AbortSignal,
): Promise<void> {
  const { tally } = rejects
  const newEndOf = newEnd(job.options.times, newestMs, startMs)
  const untilDue = pacer(job, startMs, stop)
  for await (const { records, uri } of rawRecords(job, tally, stop)) {
    for (const record of records) {
      const result = normalised(job, record)
      if ('rejection' in result) {
        tally.read++
        await reject(rejects, { ...record, uri }, result.rejection)
        continue
      }
      if (untilDue !== undefined) await untilDue(result.endMs)
      if (stop.aborted) return
      tally.read++
      const endMs = newEndOf(result.endMs, Date.now())
      const full = send(job, tally, movedTo(result, endMs), endMs, uri, record.number)
      if (full === undefined) continue
      await full
      await rejectRefused(rejects)
    }
  }
}

/** Waits until a log is due; undefined when everything is due at once. */
function pacer(
  { options, sink }: Replay,
  startMs: number,
  stop: AbortSignal,
): ((endMs: number) => Promise<void>) | undefined {
  const { pace, lingerMs } = options
  if (pace.ratePerSecond === undefined && pace.speed === undefined) return undefined
  let index = 0
  let firstEndMs: number | undefined
  return async (endMs) => {
    firstEndMs ??= endMs
    const aheadMs = startMs + dueMs(pace, index++, endMs - firstEndMs) - Date.now()
    if (aheadMs > 0) await wait(aheadMs, lingerMs, sink, stop)
  }
}

/** Longest that a timer of Node can wait is 24.8 days; a longer pause is made of several. */
const LONGEST_TIMER_MS = 86_400_000

/** Before a long wait, what has been collected is sent: it is due. */
async function wait(ms: number, lingerMs: number, sink: Sink, stop: AbortSignal): Promise<void> {
  if (ms > lingerMs) await sink.flush()
  for (let leftMs = ms; leftMs > 0 && !stop.aborted; leftMs -= LONGEST_TIMER_MS)
    await sleep(Math.min(leftMs, LONGEST_TIMER_MS), undefined, { signal: stop }).catch(() => undefined)
}

function normalised(job: Replay, record: RawRecord): Normalised {
  if (record.problem === undefined) return job.normalise(record.bytes, record.keyCount)
  const detail =
    record.problem === 'too_large'
      ? `${record.sizeBytes} bytes, at most ${job.options.maxRecordBytes} are taken`
      : 'the input ends inside it'
  return { rejection: { reason: record.problem, detail } }
}

function send(
  job: Replay,
  tally: Tally,
  line: LogLine,
  endMs: number,
  uri: string,
  number: number,
): Promise<void> | undefined {
  count(tally, line, endMs)
  if (line.etat === 'FAILED' && !(endMs < (tally.lastFailure?.endMs ?? 0)))
    tally.lastFailure = { source: line.source, endMs, sentMs: Date.now() }
  const value = serialise(line)
  const log = { uri, number, isSuccess: line.etat === 'SUCCESS' }
  return job.sink.add({ topic: job.options.topic, key: line.source, value, log }, value.length)
}
