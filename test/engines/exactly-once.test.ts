import { type ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { serialise } from '../../log/normalise.ts'
import { lokiSettings } from '../../loki/config.ts'
import { settingsFrom } from '../../service/settings.ts'
import { httpProxy } from './faulty-proxy.ts'
import {
  asMessages,
  countOf,
  createTopic,
  distinctLinesOf,
  logAt,
  ownStackEnv,
  produce,
  start,
  startShipper,
  statusOf,
  stopService,
  temporaryFolder,
  unique,
  untilCounted,
  vigie,
} from './harness.ts'
import { reservedPort } from './ports.ts'

/** `TEST_KILLS=50` runs the long form. */
const KILLS = Number(process.env.TEST_KILLS ?? 6)
const PER_KILL = 3_000
const RATE = 1_500
const SOURCES = 7

/** Everything dies again and again, connections to Loki break, and each record is in Loki once. */
describe('exactly once, as LogQL counts it', () => {
  const env: Record<string, string> = {}
  const shippers = new Map<string, ChildProcess>()
  const children: ChildProcess[] = []
  const closing: (() => Promise<void>)[] = []
  beforeAll(async () => {
    Object.assign(env, await ownStackEnv())
    expect((await vigie(['up'], env)).code).toBe(0)
  })
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL')
    for (const close of closing) await close()
    await vigie(['down', '--volumes'], env)
  })

  const local = () => ({
    KAFKA_BROKERS: `127.0.0.1:${env.VIGIE_KAFKA_PORT}`,
    LOKI_URL: `http://127.0.0.1:${env.VIGIE_LOKI_PORT}`,
  })
  test(`${KILLS} kills of shippers, Loki and Kafka, and pushes cut in the request and in the answer`, async () => {
    const source = unique('once')
    const file = join(temporaryFolder(), 'logs.ndjson')
    const total = KILLS * PER_KILL
    const logs = Array.from({ length: total }, (_, index) =>
      logAt(`${source}-${index % SOURCES}`, 3_600 - index * 0.01, { description: `run ${index}` }),
    )
    writeFileSync(file, logs.map(serialise).join('\n'))

    const requests = await httpProxy(local().LOKI_URL, (count) =>
      count % 5 === 0 ? 'cut request' : undefined,
    )
    const answers = await httpProxy(local().LOKI_URL, (count) =>
      count % 5 === 0 ? 'lost answer' : undefined,
    )
    closing.push(requests.close, answers.close)
    const startShipper = async (name: string, url: string) => {
      const port = String(await reservedPort())
      const { child } = start(['ship'], {
        ...{ ...env, ...local(), LOKI_URL: url, METRICS_PORT: port },
        LOG_TO_LOKI: 'false',
      })
      shippers.set(name, child)
      children.push(child)
    }
    const proxied: Record<string, string> = { requests: requests.url, answers: answers.url }
    for (const [name, url] of Object.entries(proxied)) await startShipper(name, url)

    const killService = async (name: string) => {
      const { pid } = (await statusOf(env)).get(name) ?? {}
      if (pid !== undefined) process.kill(pid, 'SIGKILL')
      const { code, stderr } = await vigie(['up'], env)
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    }
    const killShipper = async (name: string) => {
      shippers.get(name)?.kill('SIGKILL')
      await startShipper(name, proxied[name] ?? '')
    }
    const victims = ['requests', 'answers', 'loki', 'shipper', 'kafka', 'answers', 'requests', 'shipper']
    const replay = start(['replay', file, '--times', 'original', '--rate', String(RATE), '--json'], env)
    children.push(replay.child)
    for (let kill = 0; kill < KILLS; kill++) {
      await pause(300 + Math.random() * 1_500)
      const victim = victims[kill % victims.length] ?? ''
      await (victim in proxied ? killShipper(victim) : killService(victim))
    }
    const { code, stderr } = await replay.ended
    expect({ code, stderr: code === 0 ? '' : stderr.slice(-600) }).toEqual({ code: 0, stderr: '' })
    const loki = settingsFrom(lokiSettings, local())
    const found = { counted: 0, different: 0 }
    for (let index = 0; index < SOURCES; index++) {
      found.counted += await countOf(`${source}-${index}`, loki)
      found.different += (await distinctLinesOf(`${source}-${index}`, loki)).size
    }
    expect(found).toEqual({ counted: total, different: total })
  }, 600_000)
})

test('three shippers come and go in the middle of it: nothing is stored twice, or lost', async () => {
  const topic = unique('rebalance')
  const source = unique('rebalance')
  const total = 30_000
  await createTopic(topic, 6)
  const env = { KAFKA_TOPIC: topic, KAFKA_GROUP_ID: `${topic}-group`, SHIPPER_BATCH_BYTES: '20000' }
  // Thirty streams, each in one partition.
  const messages = Array.from({ length: total }, (_, index) => {
    const [log] = asMessages([
      logAt(source, 60 + index * 0.01, { zone: `z${index % 30}`, description: `run ${index}` }),
    ])
    return { value: log?.value ?? null, key: `z${index % 30}` }
  })
  const producing = produce(topic, messages)
  const [first, second] = await Promise.all([startShipper(env), startShipper(env)])
  const third = await startShipper(env)
  await stopService(second)
  const fourth = await startShipper(env)
  await stopService(first)
  await producing
  await untilCounted(source, total, 60_000)
  await Promise.all([stopService(third), stopService(fourth)])
  expect(await countOf(source)).toBe(total)
})
