import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { withCalls } from '../../kafka/client.ts'
import { endOffsets } from '../../kafka/offsets.ts'
import { serialise } from '../../log/normalise.ts'
import {
  countOf,
  distinctLinesOf,
  eventually,
  logAt,
  type RunningService,
  start,
  startShipper,
  stopService,
  temporaryFolder,
  unique,
} from './harness.ts'
import { type Cluster, type Node, startCluster } from './three-brokers.ts'

const PARTITIONS = 6
const SOURCES = 9
const RATE = 1_000
const SHIPPERS = 2

/** What happens to a cluster, or to the shippers, while logs pass through. */
type Trouble = (scene: { cluster: Cluster; topic: string; shippers: RunningService[] }) => Promise<void>

describe('three brokers', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster()
  }, 180_000)
  afterAll(() => cluster?.close())

  /** Replays logs and ships them while that happens: each is stored once. */
  const eachOnce = (seconds: number, trouble: Trouble) => async () => {
    const topic = unique('brokers')
    const source = unique('brokers')
    await cluster.createTopic(topic, PARTITIONS)
    const env = { KAFKA_BROKERS: cluster.brokers, KAFKA_TOPIC: topic, KAFKA_GROUP_ID: `${topic}-group` }
    const shippers = await Promise.all(Array.from({ length: SHIPPERS }, () => startShipper(env)))
    const total = seconds * RATE
    const file = join(temporaryFolder(), 'logs.ndjson')
    const logs = Array.from({ length: total }, (_, index) =>
      logAt(`${source}-${index % SOURCES}`, 3_600 - index * 0.01, { description: `run ${index}` }),
    )
    writeFileSync(file, logs.map(serialise).join('\n'))
    const replay = start(['replay', file, '--times', 'original', '--rate', String(RATE), '--json'], {
      ...env,
      LOKI_URL: process.env.LOKI_URL,
    })
    await eventually('logs are being shipped', async () => {
      const shipped = await Promise.all(shippers.map((each) => each.metric('vigie_shipper_records_total')))
      return shipped.some((count) => count > 0)
    })
    await trouble({ cluster, topic, shippers })
    const { code, stderr } = await replay.ended
    expect({ code, stderr: code === 0 ? '' : stderr.slice(-600) }).toEqual({ code: 0, stderr: '' })
    const ended = await Promise.all(shippers.map(stopService))
    expect(ended.map((each) => each.code)).toEqual(shippers.map(() => 0))
    const ends = await withCalls(cluster.settings, 'test', (calls) => endOffsets(calls, topic))
    const inKafka = [...ends.values()].reduce((sum, end) => sum + Number(end), 0)
    const found = { inKafka, counted: 0, different: 0 }
    for (let index = 0; index < SOURCES; index++) {
      found.counted += await countOf(`${source}-${index}`)
      found.different += (await distinctLinesOf(`${source}-${index}`)).size
    }
    expect(found).toEqual({ inKafka: total, counted: total, different: total })
  }

  test(
    'leaders move again and again',
    eachOnce(10, async ({ topic }) => {
      for (let move = 0; move < 3; move++) await cluster.moveLeaders(topic)
    }),
  )

  test(
    'a rolling restart',
    eachOnce(20, async () => {
      for (const node of [1, 2, 3] as const) {
        await cluster.signal(node, 'SIGTERM')
        await cluster.start(node)
      }
    }),
  )

  test(
    'a broker is killed, and comes back',
    eachOnce(15, async ({ topic }) => {
      const node: Node = await cluster.coordinatorOf(`${topic}-group`)
      await cluster.signal(node, 'SIGKILL')
      await pause(8_000)
      await cluster.start(node)
    }),
  )

  test(
    'a broker hangs longer than a session',
    eachOnce(15, async ({ topic }) => {
      const node = await cluster.leaderOf(topic, 0)
      await cluster.signal(node, 'SIGSTOP')
      await pause(10_000)
      await cluster.signal(node, 'SIGCONT')
    }),
  )

  test(
    'partitions are added',
    eachOnce(20, async ({ topic }) => {
      await cluster.admin((it) =>
        it.createPartitions({ topicPartitions: [{ topic, count: PARTITIONS * 2 }] }),
      )
    }),
  )

  test(
    'a shipper is suspended longer than its session, and goes on',
    eachOnce(20, async ({ shippers: [first] }) => {
      for (let turn = 0; turn < 2; turn++) {
        first?.child.kill('SIGSTOP')
        await pause(8_000)
        first?.child.kill('SIGCONT')
        await pause(1_000)
      }
    }),
  )
})
