import { describe, expect, test } from '@jest/globals'
import { createKafka, withAdmin } from '../../kafka/client.ts'
import { committedOffsets } from '../../kafka/offsets.ts'
import { HEADER } from '../../log/names.ts'
import { httpProxy, type Verdict } from './faulty-proxy.ts'
import {
  asMessages,
  brokers,
  countOf,
  createTopic,
  deadLettersOf,
  eventually,
  linesOf,
  logAt,
  many,
  produce,
  settings,
  startShipper,
  stopService,
  unique,
  untilCounted,
} from './harness.ts'

const own = (topic: string) => ({ KAFKA_TOPIC: topic, KAFKA_GROUP_ID: `${topic}-group` })
const admin = createKafka(settings.kafka, 'test')

describe('vigie ship', () => {
  test.each(['gzip', 'snappy', 'lz4', 'zstd'])('reads what Kafka compressed with %s', async (codec) => {
    const topic = unique(`codec-${codec}`)
    const source = unique(codec)
    // The broker recompresses to the topic's codec: what is read was written by Kafka's own Java code.
    await createTopic(topic, 1, { 'compression.type': codec })
    await produce(topic, asMessages(many(source, 500)))
    const shipper = await startShipper(own(topic))
    await untilCounted(source, 500)
    await stopService(shipper)
    expect(await countOf(source)).toBe(500)
  })

  test('ships what is not JSON as its raw line, labelled parse="failed"', async () => {
    const topic = unique('raw')
    const marker = unique('marker')
    await createTopic(topic)
    await produce(topic, [
      { value: `plain text ${marker}` },
      { value: `{"cut": "${marker}` },
      { value: `["${marker}"]` },
    ])
    const shipper = await startShipper(own(topic))
    const lines = await eventually('three raw lines', async () => {
      const found = await linesOf(`{job="kafka-logs", parse="failed"} |= "${marker}"`)
      return found.length === 3 && found
    })
    await stopService(shipper)
    expect(lines.map(({ line }) => line).sort()).toEqual(
      [`["${marker}"]`, `plain text ${marker}`, `{"cut": "${marker}`].sort(),
    )
    expect(await shipper.ended).toMatchObject({ code: 0 })
  })

  test('skips records without a value, and commits past them', async () => {
    const topic = unique('tombstones')
    const source = unique('tombstones')
    await createTopic(topic)
    await produce(topic, [
      { key: 'a', value: null },
      ...asMessages(many(source, 3)),
      { key: 'b', value: null },
    ])
    const shipper = await startShipper(own(topic))
    await untilCounted(source, 3)
    await eventually('everything is committed', () =>
      withAdmin(admin, brokers, async (client) => {
        return (await committedOffsets(client, `${topic}-group`, topic)).get(0) === 5n
      }),
    )
    expect(await shipper.metric('vigie_shipper_tombstones_total')).toBe(2)
    await stopService(shipper)
  })

  test('SIGTERM drains, commits and leaves the group at once', async () => {
    const topic = unique('drain')
    const source = unique('drain')
    await createTopic(topic, 3)
    await produce(topic, asMessages(many(source, 4_000)))
    const shipper = await startShipper(own(topic))
    await untilCounted(source, 1)
    const ended = await stopService(shipper)
    expect(ended).toMatchObject({ code: 0 })
    const { committed, members } = await withAdmin(admin, brokers, async (client) => ({
      committed: await committedOffsets(client, `${topic}-group`, topic),
      members: (await client.describeGroups([`${topic}-group`])).groups[0]?.members.length,
    }))
    expect(members).toBe(0)
    const total = [...committed.values()].reduce((sum, offset) => sum + Number(offset), 0)
    expect(await countOf(source)).toBe(total)

    const next = await startShipper(own(topic))
    await untilCounted(source, 4_000)
    await stopService(next)
    expect(await countOf(source)).toBe(4_000)
  })

  test('whatever Loki answers, it keeps its partitions, and each record is stored once', async () => {
    const topic = unique('faults')
    const source = unique('faults')
    const verdicts: Verdict[] = [429, 260, 'broken', 401, 403, 404, 413, 'lost answer', 500]
    const proxy = await httpProxy(settings.loki.LOKI_URL, (count) => verdicts[count - 1])
    await createTopic(topic)
    const shipper = await startShipper({ ...own(topic), LOKI_URL: proxy.url })
    await produce(topic, asMessages(many(source, 100)))
    await untilCounted(source, 100)
    // Too large: the push is halved, not tried again.
    expect(await shipper.metric('vigie_shipper_retries_total')).toBe(verdicts.length - 1)
    expect(await shipper.metric('vigie_shipper_errors_total')).toBe(verdicts.length)
    const names = ['consumed_records_total', 'records_total', 'dead_letters_total', 'in_flight_records']
    const account = await Promise.all(names.map((name) => shipper.metric(`vigie_shipper_${name}`)))
    expect(account).toEqual([100, 100, 0, 0])
    const { stderr } = await stopService(shipper)
    await proxy.close()
    expect(await countOf(source)).toBe(100)
    expect(stderr.match(/joined the group/g)).toHaveLength(1)
    expect(stderr).toContain('ingestion_blocked')
  })

  test('is not ready while Loki does not answer, and stops cleanly even then', async () => {
    const topic = unique('dark')
    const source = unique('dark')
    const proxy = await httpProxy(settings.loki.LOKI_URL, () => 503)
    await createTopic(topic)
    const shipper = await startShipper({ ...own(topic), LOKI_URL: proxy.url })
    await produce(topic, asMessages(many(source, 10)))
    const url = `http://127.0.0.1:${shipper.port}`
    const body = await eventually('readyz says that Loki is the reason', async () => {
      const answer = await fetch(`${url}/readyz`)
      return answer.status === 503 && (await answer.text())
    })
    expect(body).toContain('HTTP 503')
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    expect(await shipper.metric('vigie_shipper_lag_messages')).toBe(10)
    expect(await shipper.metric('vigie_shipper_lag_seconds')).toBeGreaterThan(0)
    expect(await stopService(shipper)).toMatchObject({ code: 0 })
    await proxy.close()
    expect(await countOf(source)).toBe(0)
    const next = await startShipper(own(topic))
    await untilCounted(source, 10)
    await stopService(next)
    expect(await countOf(source)).toBe(10)
  })

  test('without anything to ship it notices, too, that Loki is gone, and that it is back', async () => {
    const topic = unique('idle')
    await createTopic(topic)
    const proxy = await httpProxy(settings.loki.LOKI_URL, () => undefined)
    const shipper = await startShipper({ ...own(topic), LOKI_URL: proxy.url })
    const readiness = async () => (await fetch(`http://127.0.0.1:${shipper.port}/readyz`)).status
    expect(await readiness()).toBe(200)
    await proxy.close()
    await eventually('it is not ready', async () => (await readiness()) === 503)
    const again = await httpProxy(
      settings.loki.LOKI_URL,
      () => undefined,
      undefined,
      Number(new URL(proxy.url).port),
    )
    await eventually('it is ready', async () => (await readiness()) === 200)
    await stopService(shipper)
    await again.close()
  })

  test('a line that Loki would refuse is a dead letter, and the rest of the topic goes on', async () => {
    const topic = unique('long')
    const source = unique('long')
    await createTopic(topic)
    const shipper = await startShipper(own(topic))
    await produce(topic, [{ value: JSON.stringify(logAt(source, 0, { description: 'x'.repeat(300_000) })) }])
    await eventually(
      'a dead letter',
      async () => (await shipper.metric('vigie_shipper_dead_letters_total')) === 1,
    )
    await produce(topic, asMessages(many(source, 5)))
    await untilCounted(source, 5)
    await stopService(shipper)
    expect(await countOf(source)).toBe(5)
  })

  test('of a push that Loki refuses in part, the refused records are dead letters, and only those', async () => {
    const topic = unique('refused')
    const source = unique('refused')
    await createTopic(topic)
    // Without its limits the shipper cannot know: Loki takes nothing that is three days in the future.
    const proxy = await httpProxy(settings.loki.LOKI_URL, () => undefined, '/config')
    const late = (index: number) => (index % 10 === 3 ? -3 * 86_400 : 60)
    const logs = Array.from({ length: 40 }, (_, index) =>
      logAt(source, late(index), { description: `run ${index}`, zone: `z${index % 3}` }),
    )
    await produce(topic, asMessages(logs))
    const shipper = await startShipper({ ...own(topic), LOKI_URL: proxy.url })
    await untilCounted(source, 36)
    await eventually(
      'four dead letters',
      async () => (await shipper.metric('vigie_shipper_dead_letters_total')) === 4,
    )
    await stopService(shipper)
    await proxy.close()
    expect(await countOf(source)).toBe(36)
    const letters = await deadLettersOf(topic)
    expect(letters.map(({ value }) => JSON.parse(value).description).sort()).toEqual([
      'run 13',
      'run 23',
      'run 3',
      'run 33',
    ])
    for (const { headers } of letters) {
      expect(headers).toMatchObject({ [HEADER.reason]: 'bad_request', [HEADER.partition]: '0' })
      expect(headers[HEADER.detail]).toContain('too new')
    }
    expect(letters.map(({ headers }) => headers[HEADER.offset]).sort()).toEqual(['13', '23', '3', '33'])
  })

  test('keeps beside a line what was asked for, and demotes a label that has too many values', async () => {
    const topic = unique('beside')
    const source = unique('beside')
    await createTopic(topic)
    const logs = many(source, 5).map((log, index) => ({ ...log, zone: `zone-${index}` }))
    await produce(topic, asMessages(logs))
    const env = { SHIPPER_METADATA: 'offset,key', SHIPPER_MAX_LABEL_VALUES: '3' }
    const shipper = await startShipper({ ...own(topic), ...env })
    await untilCounted(source, 5)
    expect(await shipper.metric('vigie_shipper_demoted_label_values_total')).toBe(2)
    const { stderr } = await stopService(shipper)
    expect(stderr.match(/too many values/g)).toHaveLength(1)
    const found = await linesOf(`{job="kafka-logs", source="${source}"} | kafka_offset="4" | zone="zone-4"`)
    expect(found.map(({ line }) => JSON.parse(line).description)).toEqual(['run 4'])
    expect(await linesOf(`{source="${source}", zone="zone-4"}`)).toEqual([])
  })

  test('its own logs reach Loki, without secrets', async () => {
    const topic = unique('own-logs')
    await createTopic(topic)
    const shipper = await startShipper({
      ...own(topic),
      LOG_TO_LOKI: 'true',
      LOKI_USERNAME: 'me',
      LOKI_PASSWORD: 'hunter2secret',
    })
    const lines = await eventually('a line of the shipper in Loki', async () => {
      const found = await linesOf(`{job="vigie", service="shipper"} |= "${topic}"`)
      return found.length > 0 && found
    })
    const { stderr } = await stopService(shipper)
    expect(JSON.parse(lines[0]?.line ?? '{}')).toMatchObject({ message: 'shipping', topic })
    expect(stderr + lines.map(({ line }) => line).join('')).not.toContain('hunter2secret')
    for (const line of stderr.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow()
  })
})
