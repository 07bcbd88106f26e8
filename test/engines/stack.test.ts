import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startOf } from '../../stack/process.ts'
import {
  type Ended,
  eventually,
  settings,
  start,
  statusOf,
  temporaryFolder,
  unique,
  vigie,
} from './harness.ts'
import { reservedPort } from './ports.ts'

const READY = { s3: 'ready', tracker: 'ready', shipper: 'ready' }

/** A stack of its own: S3, a tracker and a shipper here, Kafka and Loki from the shared engines. */
describe('vigie up, status and down', () => {
  const env: Record<string, string> = {}
  beforeAll(async () => {
    const topic = unique('stack')
    Object.assign(env, {
      VIGIE_HOME: temporaryFolder(),
      VIGIE_S3_PORT: String(await reservedPort()),
      METRICS_PORT: String(await reservedPort()),
      TRACKER_METRICS_PORT: String(await reservedPort()),
      TRACKER_GROUP_ID: `${topic}-tracker`,
      SHIPPER_SIDE_TOPICS: 'false',
      KAFKA_BROKERS: settings.kafka.KAFKA_BROKERS.join(','),
      LOKI_URL: settings.loki.LOKI_URL,
      KAFKA_TOPIC: topic,
      KAFKA_GROUP_ID: `${topic}-group`,
    })
  })
  afterAll(() => vigie(['down', '--volumes'], env))

  const status = () => statusOf(env)
  const states = async () =>
    Object.fromEntries([...(await status())].map(([name, { state }]) => [name, state]))
  const pidOf = async (name: string) => (await status()).get(name)?.pid ?? 0
  const expectUp = ({ code, stderr }: Ended) =>
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })

  test('up starts what the environment does not point elsewhere, and twice is the same as once', async () => {
    expectUp(await vigie(['up'], env))
    expect(await states()).toEqual(READY)
    const pid = await pidOf('shipper')
    expectUp(await vigie(['up'], env))
    expect(await pidOf('shipper')).toBe(pid)
  })

  test('changed settings start a service anew', async () => {
    const pid = await pidOf('shipper')
    expectUp(await vigie(['up'], { ...env, SHIPPER_BATCH_BYTES: '50000' }))
    expect(await pidOf('shipper')).not.toBe(pid)
  })

  test('a killed service is shown as died, and the next up brings it back', async () => {
    process.kill(await pidOf('s3'), 'SIGKILL')
    await eventually('s3 died', async () => (await states()).s3 === 'died')
    expect((await vigie(['status'], env)).code).toBe(1)
    expectUp(await vigie(['up'], env))
    expect(await states()).toEqual(READY)
  })

  test('down stops all, deletes the data when asked, and needs nothing to run', async () => {
    const pids = [await pidOf('s3'), await pidOf('tracker'), await pidOf('shipper')]
    expect((await vigie(['down', '--volumes'], env)).code).toBe(0)
    for (const pid of pids) expect(startOf(pid)).toBeUndefined()
    expect((await vigie(['down'], env)).stderr).toContain('Nothing was running')
  })

  test('two ups at once both succeed, with one set of services', async () => {
    const both = await Promise.all([vigie(['up'], env), vigie(['up'], env)])
    for (const each of both) expectUp(each)
    expect(await states()).toEqual(READY)
    await vigie(['down'], env)
  })

  test('an up that is killed at any moment leaves nothing that the next one cannot handle', async () => {
    for (const afterMs of [250, 450, 600, 750, 900]) {
      const started = start(['up'], env)
      const end = Date.now() + afterMs
      await eventually('the moment', async () => Date.now() >= end)
      started.child.kill('SIGKILL')
      await started.ended
      expectUp(await vigie(['up'], env))
      expect(await states()).toEqual(READY)
      await vigie(['down'], env)
      expect(await states()).toEqual({ s3: 'stopped', tracker: 'stopped', shipper: 'stopped' })
    }
  })

  test('a port that is taken is named with its user', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(Number(env.VIGIE_S3_PORT), '127.0.0.1', resolve))
    const { code, stderr } = await vigie(['up'], env)
    await new Promise((resolve) => server.close(resolve))
    expect(stderr).toContain(
      `Port ${env.VIGIE_S3_PORT}, which S3 (versitygw) needs, is used by pid ${process.pid}`,
    )
    expect(stderr).toContain('VIGIE_S3_PORT')
    expect(code).toBe(2)
    await vigie(['down'], env)
  })
})
