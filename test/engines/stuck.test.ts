import { describe, expect, test } from '@jest/globals'
import { createKafka, withAdmin } from '../../kafka/client.ts'
import { nanoseconds, queryInstant } from '../../loki/query.ts'
import { alerts } from '../../rules/alerts.ts'
import { httpProxy } from './faulty-proxy.ts'
import {
  asMessages,
  brokers,
  countOf,
  createTopic,
  eventually,
  linesOf,
  many,
  produce,
  settings,
  startShipper,
  startTracker,
  stopService,
  unique,
  untilCounted,
} from './harness.ts'

const RECORDS = 1_000
const LOST = 900

/** A topic of whose records a group has read none when Kafka deletes the first ones. */
async function overtaken(topic: string, source: string, groupId: string): Promise<void> {
  await createTopic(topic)
  await produce(topic, asMessages(many(source, RECORDS)))
  await withAdmin(createKafka(settings.kafka, 'test'), brokers, async (admin) => {
    await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '0' }] })
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(LOST) }] })
  })
}

/** The services of which the alert on Vigie itself fires now. */
async function inTrouble(): Promise<string[]> {
  const alert = alerts().find(({ id }) => id === '11-vigie-en-difficulte')
  const query = `(${alert?.query}) > ${alert?.condition.threshold.value}`
  const samples = await queryInstant(settings.loki, query, nanoseconds(Date.now()))
  return samples.map(({ labels }) => labels.service ?? '')
}

describe('retention that overtook the group', () => {
  test('is logged, counted and alerted on by the shipper, and the rest is stored once', async () => {
    const topic = unique('overtaken')
    const source = unique('overtaken')
    const groupId = `${topic}-group`
    await overtaken(topic, source, groupId)
    const shipper = await startShipper({ KAFKA_TOPIC: topic, KAFKA_GROUP_ID: groupId, LOG_TO_LOKI: 'true' })
    await untilCounted(source, RECORDS - LOST)
    expect(await shipper.metric('vigie_shipper_lost_records_total')).toBe(LOST)
    const metrics = await (await fetch(`http://127.0.0.1:${shipper.port}/metrics`)).text()
    expect(metrics).toContain(`vigie_shipper_lost_records_total{topic="${topic}",cause="retention"} ${LOST}`)
    const [line] = await eventually('the error is in Loki', async () => {
      const found = await linesOf(`{job="vigie", service="shipper", level="error"} |= "${topic}"`)
      return found.length > 0 && found
    })
    expect(JSON.parse(line?.line ?? '{}')).toMatchObject({
      message: expect.stringContaining('Kafka deleted records before they were shipped'),
      ...{ level: 'error', topic, partition: 0, from: 0, to: LOST, records: LOST },
    })
    await eventually('the alert fires', async () => (await inTrouble()).includes('shipper'))
    const { stderr } = await stopService(shipper)
    expect(stderr.match(/Kafka deleted records before they were shipped/g)).toHaveLength(1)
    expect(await countOf(source)).toBe(RECORDS - LOST)
  })

  test('is logged and counted by the tracker, and alerted on', async () => {
    const topic = unique('overtaken-tracker')
    const groupId = `${topic}-group`
    await overtaken(topic, unique('overtaken'), groupId)
    const tracker = await startTracker({ KAFKA_TOPIC: topic, TRACKER_GROUP_ID: groupId, LOG_TO_LOKI: 'true' })
    await eventually(
      'the rest is tracked',
      async () => (await tracker.metric('vigie_tracker_logs_total')) === RECORDS - LOST,
    )
    expect(await tracker.metric('vigie_tracker_lost_records_total')).toBe(LOST)
    await eventually('the alert fires', async () => (await inTrouble()).includes('tracker'))
    const { stderr } = await stopService(tracker)
    expect(stderr.match(/Kafka lost logs before they were tracked/g)).toHaveLength(1)
  })
})

describe('a stuck partition', () => {
  test('is told by /readyz, a gauge, the log and the alert, until it moves again', async () => {
    const topic = unique('stuck')
    const source = unique('stuck')
    let isAway = true
    const proxy = await httpProxy(settings.loki.LOKI_URL, () => (isAway ? 503 : undefined))
    await createTopic(topic)
    const shipper = await startShipper({
      ...{ KAFKA_TOPIC: topic, KAFKA_GROUP_ID: `${topic}-group` },
      ...{ LOKI_URL: proxy.url, LOG_TO_LOKI: 'true' },
    })
    await produce(topic, asMessages(many(source, 10)))
    const readiness = async () => (await fetch(`http://127.0.0.1:${shipper.port}/readyz`)).text()
    const told = await eventually(
      'readyz says that the partition is stuck',
      async () => /stuck|acknowledged/.test(await readiness()) && readiness(),
      90_000,
    )
    expect(told).toMatch(new RegExp(`${topic}/0: nothing was acknowledged for [67]\\d s; 10 records wait`))
    expect(told).toContain('HTTP 503')
    expect(await shipper.metric('vigie_shipper_stuck_partitions')).toBe(1)
    isAway = false
    await untilCounted(source, 10)
    await eventually('it is ready', async () => (await readiness()).includes('"ready"'))
    expect(await shipper.metric('vigie_shipper_stuck_partitions')).toBe(0)
    // What Loki did not take meanwhile is sent with the last lines, at the latest when the shipper ends.
    const { stderr } = await stopService(shipper)
    await proxy.close()
    expect(stderr.match(/a partition is stuck/g)).toHaveLength(1)
    expect(stderr.match(/moves again/g)).toHaveLength(1)
    const [line] = await linesOf(`{job="vigie", level="error"} |= "${topic}"`)
    expect(JSON.parse(line?.line ?? '{}')).toMatchObject({ partition: 0, lag: 10 })
    expect(await inTrouble()).toContain('shipper')
    expect(await countOf(source)).toBe(10)
  })
})
