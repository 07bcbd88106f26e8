import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readSettings, stackContext } from '../../cli/settings.ts'
import { createKafka, type Message, withAdmin } from '../../kafka/client.ts'
import { type KafkaSettings } from '../../kafka/config.ts'
import { untilLed } from '../../kafka/topics.ts'
import { type LogLine } from '../../log/line.ts'
import { HEADER, TOPIC } from '../../log/names.ts'
import { serialise } from '../../log/normalise.ts'
import { nanoseconds, queryInstant, queryLines, type StoredLine } from '../../loki/query.ts'
import { PROJECT_ROOT, stackSettings } from '../../stack/config.ts'
import { localS3Env } from '../../stack/s3.ts'
import { type ServiceStatus } from '../../stack/status.ts'
import { registerCodecs } from '../kafkajs-codecs.ts'
import { reservedPort } from './ports.ts'

registerCodecs()

/** The settings of the engines that setup.ts started. */
export const settings = readSettings(process.env)
export const context = stackContext(settings, process.env)
export const brokers = settings.kafka.KAFKA_BROKERS

/** The environment that names all the engines, so that a command starts none of its own. */
export const engineEnv = (): Record<string, string> => ({
  KAFKA_BROKERS: brokers.join(','),
  LOKI_URL: settings.loki.LOKI_URL,
  ...localS3Env(context),
})

export const unique = (name: string): string => `${name}-${randomBytes(5).toString('hex')}`
export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'vigie-test-files-'))

export async function eventually<Result>(
  what: string,
  probe: () => Promise<Result | undefined | false>,
  deadlineMs = 30_000,
): Promise<Result> {
  const end = Date.now() + deadlineMs
  for (;;) {
    const result = await probe()
    if (result !== undefined && result !== false) return result
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`)
    await sleep(50)
  }
}

export type Ended = { code: number | null; stdout: string; stderr: string }
export type Started = { child: ChildProcess; ended: Promise<Ended>; stderr: () => string }

/** Starts `vigie …` as a user would: the real command, a process of its own. */
export const start = (args: string[], env: Record<string, string | undefined> = {}): Started =>
  spawned(join('bin', 'vigie.js'), args, env)

/** Starts a program of the project: the real thing, a process of its own. */
function spawned(file: string, args: string[], env: Record<string, string | undefined>): Started {
  const child = spawn(process.execPath, [join(PROJECT_ROOT, file), ...args], {
    cwd: temporaryFolder(),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
  return { child, ended, stderr: () => stderr }
}

export const vigie = (args: string[], env: Record<string, string | undefined> = {}): Promise<Ended> =>
  start(args, env).ended

export type RunningService = Started & { port: number; metric: (name: string) => Promise<number> }

async function startService(verb: string, portSetting: string, env: Record<string, string>) {
  const port = await reservedPort()
  const started = start([verb], { ...engineEnv(), [portSetting]: String(port), ...env })
  const url = `http://127.0.0.1:${port}`
  await eventually(`vigie ${verb} is ready; it says: ${started.stderr()}`, async () => {
    if (started.child.exitCode !== null) throw new Error(`vigie ${verb} ended: ${started.stderr()}`)
    return (await fetch(`${url}/readyz`).catch(() => undefined))?.ok
  })
  const metric = async (name: string) => {
    const text = await (await fetch(`${url}/metrics`)).text()
    const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))]
    return values.reduce((total, [, value]) => total + Number(value), 0)
  }
  return { ...started, port, metric }
}

/**
 * Starts a shipper of its own topic and group, and waits until it is ready. The side topics are
 * everybody's: only a test that is about them ships them. The same of its own logs, which would be pushes to Loki that
 * a test did not count.
 */
export const startShipper = (env: Record<string, string>): Promise<RunningService> =>
  startService('ship', 'METRICS_PORT', { SHIPPER_SIDE_TOPICS: 'false', LOG_TO_LOKI: 'false', ...env })

/** Starts a tracker of its own topic and group, without its own logs in Loki, and waits until it is ready. */
export const startTracker = (env: Record<string, string>): Promise<RunningService> =>
  startService('track', 'TRACKER_METRICS_PORT', { LOG_TO_LOKI: 'false', ...env })

export async function stopService({ child, ended }: Started): Promise<Ended> {
  child.kill('SIGTERM')
  return ended
}

/** A log that ended `agoSeconds` ago. */
export function logAt(source: string, agoSeconds: number, more: Partial<LogLine> = {}): LogLine {
  const endMs = Date.now() - agoSeconds * 1000
  return {
    debut: new Date(endMs - 2_000).toISOString(),
    fin: new Date(endMs).toISOString(),
    duree: 2,
    etat: 'SUCCESS',
    source,
    entreprise: 'acme',
    zone: 'eu-west',
    ...more,
  }
}

/** So many logs of a source, ten milliseconds apart. */
export const many = (source: string, count: number): LogLine[] =>
  Array.from({ length: count }, (_, index) =>
    logAt(source, 60 + index * 0.01, { description: `run ${index}` }),
  )

/** Writes values to a topic as they are. */
export async function produce(
  topic: string,
  messages: readonly Message[],
  where: KafkaSettings = settings.kafka,
): Promise<void> {
  const producer = createKafka(where, 'test').producer({ allowAutoTopicCreation: false })
  await producer.connect()
  try {
    for (let at = 0; at < messages.length; at += 2_000)
      await producer.send({ topic, messages: messages.slice(at, at + 2_000) })
  } finally {
    await producer.disconnect()
  }
}

export const asMessages = (logs: readonly LogLine[]): Message[] =>
  logs.map((log) => ({ key: log.source, value: serialise(log) }))

export const createTopic = (
  topic: string,
  partitions = 1,
  config: Record<string, string> = {},
  where: KafkaSettings = settings.kafka,
): Promise<void> =>
  withAdmin(createKafka(where, 'test'), where.KAFKA_BROKERS, async (admin) => {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
    await admin.createTopics({
      waitForLeaders: false,
      topics: [{ topic, numPartitions: partitions, configEntries }],
    })
    await untilLed(admin, [topic], where.KAFKA_BROKERS)
  })

/** Every record of a topic, from its beginning to its present end. */
export async function readTopic(
  topic: string,
): Promise<{ value: string; headers: Record<string, string> }[]> {
  const kafka = createKafka(settings.kafka, 'test')
  const total = await withAdmin(kafka, brokers, async (admin) =>
    (await admin.fetchTopicOffsets(topic)).reduce(
      (sum, { low, high }) => sum + Number(high) - Number(low),
      0,
    ),
  )
  const consumer = kafka.consumer({ groupId: unique('reader') })
  const records: { value: string; headers: Record<string, string> }[] = []
  await consumer.connect()
  try {
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ message }) => {
        const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)])
        records.push({ value: String(message.value), headers: Object.fromEntries(headers) })
      },
    })
    await eventually(`${total} records of ${topic}`, async () => records.length >= total)
  } finally {
    await consumer.disconnect()
  }
  return records
}

/** The dead letters of one topic's records: their values and headers. */
export const deadLettersOf = async (topic: string) =>
  (await readTopic(TOPIC.deadLetters)).filter(({ headers }) => headers[HEADER.topic] === topic)

export type CommittedRecord = { key: string; value: string; timestamp: string }

/** What readers of committed records find on a topic now, of the shared Kafka or that of an environment. */
export async function readCommitted(
  topic: string,
  env: Record<string, string> = engineEnv(),
): Promise<CommittedRecord[]> {
  const script = join('dist', 'test', 'engines', 'read-topic.js')
  const { code, stdout, stderr } = await spawned(script, [topic], env).ended
  if (code !== 0) throw new Error(`${topic} could not be read: ${stderr}`)
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as CommittedRecord)
}

/** What Loki counts for a source, over the last 120 days and the next day. */
export async function countOf(source: string, loki = settings.loki): Promise<number> {
  const query = `sum(count_over_time({job="kafka-logs", source="${source}"}[121d]))`
  const [sample] = await queryInstant(loki, query, nanoseconds(Date.now() + 86_400_000))
  return sample?.value ?? 0
}

export const untilCounted = (source: string, count: number, deadlineMs = 30_000): Promise<unknown> =>
  eventually(`Loki counts ${count} of ${source}`, async () => (await countOf(source)) >= count, deadlineMs)

/** The lines of a stream selector, over the last 120 days. */
export function linesOf(selector: string, loki = settings.loki): Promise<StoredLine[]> {
  const now = nanoseconds(Date.now())
  const day = 86_400_000_000_000n
  return queryLines(loki, selector, now - 120n * day, now + day, 10_000)
}

/** Every different line of a source, page by page. */
export async function distinctLinesOf(source: string, loki = settings.loki): Promise<Set<string>> {
  const lines = new Set<string>()
  const toNs = nanoseconds(Date.now() + 86_400_000)
  let fromNs = toNs - 120n * 86_400_000_000_000n
  for (;;) {
    const page = await queryLines(loki, `{job="kafka-logs", source="${source}"}`, fromNs, toNs, 5_000)
    for (const { line } of page) lines.add(line)
    let lastNs = fromNs
    for (const { timestampNs } of page) if (timestampNs > lastNs) lastNs = timestampNs
    if (page.length < 5_000 || lastNs === fromNs) return lines
    fromNs = lastNs
  }
}

/** The environment of a whole stack of its own, for tests that need an empty Loki or kill engines. */
export async function ownStackEnv(): Promise<Record<string, string>> {
  const env: Record<string, string> = {
    VIGIE_HOME: temporaryFolder(),
    METRICS_PORT: String(await reservedPort()),
    TRACKER_METRICS_PORT: String(await reservedPort()),
  }
  for (const name of Object.keys(stackSettings.shape))
    if (name.endsWith('_PORT')) env[name] = String(await reservedPort())
  return env
}

/** How each part of a stack stands, by name. */
export async function statusOf(env: Record<string, string>): Promise<Map<string, ServiceStatus>> {
  const { stdout } = await vigie(['status', '--json'], env)
  return new Map((JSON.parse(stdout) as ServiceStatus[]).map((each) => [each.name, each]))
}
