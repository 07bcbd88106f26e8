import { createKafka, withAdmin } from '../kafka/client.ts'
import { singleTopic } from '../kafka/config.ts'
import { kafkaError } from '../kafka/errors.ts'
import { ensureTopics } from '../kafka/topics.ts'
import { openWriter } from '../kafka/writer/writer.ts'
import { TOPIC } from '../log/names.ts'
import { type Failure, type Replay, replay, type Survey, survey, type Tally } from '../producer/main.ts'
import { createSink } from '../producer/sink.ts'
import { type InputObject } from '../producer/source.ts'
import { type TimeMode } from '../producer/times.ts'
import { vigieError } from '../service/errors.ts'
import { type ProgressBar } from './progress-bar.ts'
import { type Report } from './report.ts'
import { type Settings } from './settings.ts'
import { askKpi, type Counts, countsIn, untilShipped, untilVisible, type Window } from './stored.ts'

/** The options of `vigie replay`. */
export type Options = {
  times?: TimeMode
  speed?: number
  rate?: number
  loop?: boolean
  strict?: boolean
  json?: boolean
}

/** Everything a replay needs once its systems are there. */
export type Journey = {
  inputs: readonly InputObject[]
  normalise: Replay['normalise']
  settings: Settings
  options: Options
  bar: ProgressBar
  stop: AbortSignal
}

/** What a journey ends with. */
export type Arrival = { report: Report; window: Window | undefined; lastFailure: Failure | undefined }

/**
 * The way of the logs: read, sent, shipped, answered for. Throws INPUT_*, S3_*, KAFKA_*, LOKI_* errors,
 * SHIPPER_STALLED, STORED_FEWER and INTERRUPTED.
 */
export async function carry(journey: Journey): Promise<Arrival> {
  const { settings, options, bar, stop } = journey
  const { kafka: where, producer: batching, loki } = settings
  const { KAFKA_BROKERS: brokers } = where
  const topic = singleTopic(where)
  const startedMs = Date.now()
  const kafka = createKafka(where, 'vigie-replay')
  const partitions = await withAdmin(kafka, brokers, async (admin) => {
    await ensureTopics(admin, [topic, TOPIC.rejected], brokers)
    return (await admin.fetchTopicOffsets(topic)).length
  })
  const writer = await openWriter(where, 'vigie-replay')
  try {
    const job: Replay = {
      inputs: journey.inputs,
      normalise: journey.normalise,
      // A batch of ours holds one of Kafka's for each partition.
      sink: createSink(writer, batching.PRODUCER_BATCH_BYTES * partitions, batching.PRODUCER_LINGER_MS),
      options: {
        topic,
        times: options.times ?? (options.speed === undefined ? 'shift' : 'now'),
        pace: { ratePerSecond: options.rate, speed: options.speed },
        strict: options.strict === true,
        loop: options.loop === true,
        maxRecordBytes: batching.RECORD_MAX_BYTES,
        lingerMs: batching.PRODUCER_LINGER_MS,
      },
      onProgress: (tally) => bar.show(tally.phase, tally.read, undefined, rejectedNote(tally)),
    }
    const surveyed = await survey(job, stop)
    throwIfStopped(stop, 'Nothing was sent.')
    const startMs = Date.now()
    const expected = expectedWindow(job.options.times, surveyed, startMs)
    const before = expected && (await countsIn(loki, expected))
    const total = options.loop ? undefined : surveyed
    job.onProgress = (tally) => bar.show(tally.phase, tally.sent, total?.valid, rejectedNote(tally))
    const tally = await replay(job, surveyed.newestMs, startMs, stop)
    job.onProgress(tally)
    if (!options.loop) throwIfStopped(stop, `${tally.sent} logs were sent; the shipper carries them on.`)
    return await answeredFor(journey, tally, expected, before, startedMs)
  } catch (error) {
    throw kafkaError(error, brokers, topic)
  } finally {
    writer.close()
  }
}

/** After a loop that Ctrl-C ended, the waiting still has to be done: only a second Ctrl-C ends it. */
const never = new AbortController().signal

async function answeredFor(
  { settings, options, bar, stop }: Journey,
  tally: Tally,
  expected: Window | undefined,
  before: Counts | undefined,
  startedMs: number,
): Promise<Arrival> {
  const { kafka, loki } = settings
  const none: Counts = { lines: 0, successes: 0, failures: 0 }
  const window =
    expected === undefined || tally.sent === 0
      ? undefined
      : { fromMs: expected.fromMs, toMs: Math.max(expected.toMs, tally.lastMs) }
  let after = none
  let p95: number | undefined
  if (window !== undefined) {
    const patience = options.loop ? never : stop
    await untilShipped(
      kafka,
      (left) => bar.show('shipping', Math.max(0, tally.sent - left), tally.sent),
      patience,
    )
    throwIfStopped(patience, `${tally.sent} logs are in Kafka; the shipper carries them on.`)
    after = await untilVisible(loki, window, before ?? none, tally.sent, (visible) =>
      bar.show('in Loki', Math.max(0, visible), tally.sent),
    )
    p95 = await askKpi(loki, 'p95DurationSeconds', window)
  }
  const stored = after.lines - (before?.lines ?? 0)
  const successes = after.successes - (before?.successes ?? 0)
  const failures = after.failures - (before?.failures ?? 0)
  const runs = successes + failures
  return {
    window,
    lastFailure: tally.lastFailure,
    report: {
      read: tally.read,
      sent: tally.sent,
      rejected: tally.rejected,
      rejectedBy: tally.rejectedBy,
      stored,
      successes,
      failures,
      failureRate: runs === 0 ? null : failures / runs,
      p95DurationSeconds: p95 ?? null,
      othersInWindow: before?.lines ?? 0,
      windowStart: window === undefined ? null : new Date(window.fromMs).toISOString(),
      windowEnd: window === undefined ? null : new Date(window.toMs).toISOString(),
      elapsedSeconds: (Date.now() - startedMs) / 1000,
      answeredBy: null,
      notice: null,
      detection: null,
    },
  }
}

/** Where in time the logs will lie; undefined when there are none. */
function expectedWindow(
  times: TimeMode,
  { valid, oldestMs, newestMs }: Survey,
  startMs: number,
): Window | undefined {
  if (valid === 0) return undefined
  if (times === 'original') return { fromMs: oldestMs, toMs: newestMs }
  if (times === 'now') return { fromMs: startMs, toMs: startMs }
  return { fromMs: oldestMs + startMs - newestMs, toMs: startMs }
}

function throwIfStopped(stop: AbortSignal, state: string): void {
  if (stop.aborted) throw vigieError('INTERRUPTED', { state })
}

const rejectedNote = ({ rejected }: Readonly<Tally>): string => (rejected === 0 ? '' : `${rejected} rejected`)
