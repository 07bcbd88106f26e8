import { Command, Option } from 'commander'
import { connectProducer, createKafka, withAdmin } from '../kafka/client.ts'
import { kafkaError } from '../kafka/errors.ts'
import { ensureTopics } from '../kafka/topics.ts'
import { withAliases } from '../log/aliases.ts'
import { TOPIC } from '../log/names.ts'
import { normaliser } from '../log/normalise.ts'
import { type Replay, replay, type Survey, survey, type Tally } from '../producer/main.ts'
import { createSink } from '../producer/sink.ts'
import { type InputObject, openInput } from '../producer/source.ts'
import { TIME_MODES, type TimeMode } from '../producer/times.ts'
import { vigieError } from '../service/errors.ts'
import { stopSignal } from '../service/shutdown.ts'
import { createProgress } from '../stack/progress.ts'
import { localS3Env } from '../stack/s3.ts'
import { type ServiceName, type StackContext } from '../stack/service.ts'
import { up } from '../stack/up.ts'
import { positiveNumber } from './options.ts'
import { createProgressBar, type ProgressBar } from './progress-bar.ts'
import { type Report, rejectedLines, reportTable } from './report.ts'
import { externalServices, readConfigFile, readSettings, type Settings, stackContext } from './settings.ts'
import { hasShipper } from './shipping.ts'
import { askKpi, type Counts, countsIn, untilShipped, untilVisible, type Window } from './stored.ts'

type Options = {
  times?: TimeMode
  speed?: number
  rate?: number
  loop?: boolean
  strict?: boolean
  json?: boolean
}

export const replayCommand = (): Command =>
  new Command('replay')
    .description('Send logs to Kafka, wait until Loki answers for all of them, and print the KPIs.')
    .argument('[uri]', 's3://bucket/key, s3://bucket/prefix/ or a local path (default: LOGS_URI)')
    .addOption(
      new Option(
        '--times <mode>',
        'shift: the newest log becomes now, spacing kept; original: as they are; now: as they are sent (default: shift, with --speed now)',
      ).choices([...TIME_MODES]),
    )
    .option(
      '--speed <factor>',
      'play the spacing of the logs back live, that many times faster',
      positiveNumber,
    )
    .option('--rate <logs>', 'send at most that many logs per second', positiveNumber)
    .option('--loop', 'start again at the end, until Ctrl-C')
    .option('--strict', 'stop at the first record that is not a log')
    .option('--json', 'print one JSON object on stdout')
    .addHelpText(
      'after',
      '\nExamples:\n  $ vigie replay\n  $ vigie replay s3://my-bucket/2026/11/ --times original\n  $ vigie replay logs.ndjson.gz --speed 60\n\nExit codes: 0 done · 1 it failed · 2 wrong usage or configuration · 3 done, but some records were rejected.',
    )
    .action(async (uri: string | undefined, options: Options) => {
      const stop = stopSignal()
      const bar = createProgressBar()
      try {
        const { report, window } = await runReplay(uri, options, bar, stop)
        bar.close()
        print(report, window, options.json === true)
        if (report.rejected > 0) process.exitCode = 3
      } finally {
        bar.close()
      }
    })

async function runReplay(
  uri: string | undefined,
  options: Options,
  bar: ProgressBar,
  stop: AbortSignal,
): Promise<{ report: Report; window: Window | undefined }> {
  const env = process.env
  const settings = readSettings(env)
  const from = uri ?? settings.producer.LOGS_URI
  const normalise = aliasNormaliser(env)
  const context = stackContext(settings, env)
  const external = externalServices(env)
  const needsLocalS3 = from.startsWith('s3://') && !external.has('s3')
  // What cannot be read is said before anything is started.
  const early = needsLocalS3 ? undefined : await openInput(from, env)
  await startMissing(context, settings, external, needsLocalS3, stop)
  const inputs = early ?? (await openInput(from, { ...env, ...localS3Env(context) }))
  return carry({ inputs, normalise, settings, options, bar, stop })
}

function aliasNormaliser(env: NodeJS.ProcessEnv): Replay['normalise'] {
  const { aliases, states } = readConfigFile(env)
  return normaliser(withAliases(aliases, states))
}

/** Starts the local engine for whatever the environment does not point elsewhere. */
async function startMissing(
  context: StackContext,
  settings: Settings,
  external: ReadonlyMap<ServiceName, string>,
  needsLocalS3: boolean,
  stop: AbortSignal,
): Promise<void> {
  const names: ServiceName[] = []
  if (needsLocalS3) names.push('s3')
  if (!external.has('kafka')) names.push('kafka')
  if (!external.has('loki')) names.push('loki')
  const allExternal = external.has('kafka') && external.has('loki')
  if (!(allExternal && (await hasShipper(settings.kafka)))) names.push('shipper')
  if (names.length === 0) return
  const progress = createProgress()
  try {
    await up(context, names, progress, stop)
  } finally {
    progress.close()
  }
}

type Journey = {
  inputs: readonly InputObject[]
  normalise: Replay['normalise']
  settings: Settings
  options: Options
  bar: ProgressBar
  stop: AbortSignal
}

/** The way of the logs: read, sent, shipped, answered for. */
async function carry(journey: Journey): Promise<{ report: Report; window: Window | undefined }> {
  const { settings, options, bar, stop } = journey
  const { kafka: where, producer: batching, loki } = settings
  const { KAFKA_BROKERS: brokers, KAFKA_TOPIC: topic } = where
  const startedMs = Date.now()
  const kafka = createKafka(where, 'vigie-replay')
  const partitions = await withAdmin(kafka, brokers, async (admin) => {
    await ensureTopics(admin, [topic, TOPIC.rejected], brokers)
    return (await admin.fetchTopicOffsets(topic)).length
  })
  const producer = await connectProducer(kafka, brokers)
  try {
    const job: Replay = {
      inputs: journey.inputs,
      normalise: journey.normalise,
      // A batch of ours holds one of Kafka's for each partition.
      sink: createSink(producer, batching.PRODUCER_BATCH_BYTES * partitions, batching.PRODUCER_LINGER_MS),
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
    throw /^KafkaJS/.test((error as Error).name) ? kafkaError(error, brokers, topic) : error
  } finally {
    await producer.disconnect()
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
): Promise<{ report: Report; window: Window | undefined }> {
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

function print(report: Report, window: Window | undefined, json: boolean): void {
  for (const line of rejectedLines(report, TOPIC.rejected)) process.stderr.write(`${line}\n`)
  if (json) {
    process.stdout.write(`${JSON.stringify(report)}\n`)
    return
  }
  process.stdout.write(`${reportTable(report, window)}\n`)
  process.stdout.write(
    'Next: `npx vigie status` shows the parts and their addresses, `npx vigie logs shipper -f` the shipper at work,\n      `npx vigie replay --help` other ways to replay, `npx vigie down` stops everything.\n',
  )
}
