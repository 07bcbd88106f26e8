import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { createKafka, type Message, withAdmin } from '../../kafka/client.ts'
import { type Admin, kafkajs } from '../../kafka/kafkajs.ts'
import { type IncidentEvent } from '../../log/incident.ts'
import { HEADER, TOPIC } from '../../log/names.ts'
import {
  asMessages,
  brokers,
  countOf,
  createTopic,
  deadLettersOf,
  distinctLinesOf,
  eventually,
  logAt,
  produce,
  type RunningService,
  readCommitted,
  settings,
  startShipper,
  startTracker,
  stopService,
  unique,
  untilCounted,
} from './harness.ts'

const kafka = createKafka(settings.kafka, 'test')
const own = (topic: string, more: Record<string, string> = {}) => ({
  ...{ KAFKA_TOPIC: topic, KAFKA_GROUP_ID: `${topic}-group` },
  ...more,
})
const admin = <Result>(use: (it: Admin) => Promise<Result>): Promise<Result> => withAdmin(kafka, brokers, use)
const logs = (source: string, count: number, first = 0): Message[] =>
  asMessages(
    Array.from({ length: count }, (_, index) => logAt(source, 60, { description: `run ${first + index}` })),
  )

type Said = { message: string; partitions?: Record<string, number[]>; givenUp?: Record<string, number[]> }
/** The lines of a shipper's log that say that, in their order. */
const said = ({ stderr }: Pick<RunningService, 'stderr'>, message: string): Said[] =>
  stderr()
    .split('\n')
    // The last line may be on its way.
    .filter((line) => line.endsWith('}') && line.includes(message))
    .map((line) => JSON.parse(line) as Said)
const REBALANCING = 'the group is rebalancing'
const JOINED = 'joined the group'
/** What a shipper owns of a topic since it last joined. */
const owned = (shipper: RunningService, topic: string): number[] =>
  [...(said(shipper, JOINED).at(-1)?.partitions?.[topic] ?? [])].sort((a, b) => a - b)
const untilOwned = (what: string, isSo: () => boolean, deadlineMs?: number) =>
  eventually(what, async () => isSo(), deadlineMs)

/** Goes on writing logs of a source to all partitions of a topic until it is stopped. */
function stream(topic: string, source: string, partitions: number) {
  let isStopped = false
  let written = 0
  const ended = (async () => {
    while (!isStopped) {
      const messages = logs(source, 10 * partitions, written)
      await produce(
        topic,
        messages.map(({ value }, index) => ({ value, partition: index % partitions })),
      )
      written += messages.length
      await pause(20)
    }
  })()
  return {
    /** Resolves with how many were written. */
    async stop(): Promise<number> {
      isStopped = true
      await ended
      return written
    },
  }
}

const kill = async ({ child, ended }: RunningService): Promise<void> => {
  child.kill('SIGKILL')
  await ended
}
/** Each log of a source is stored, and once. */
async function expectOnce(source: string, count: number): Promise<void> {
  await untilCounted(source, count)
  expect({ stored: await countOf(source), different: (await distinctLinesOf(source)).size }).toEqual({
    ...{ stored: count, different: count },
  })
}
const expectClean = async (shippers: readonly RunningService[]): Promise<void> => {
  for (const { code } of await Promise.all(shippers.map(stopService))) expect(code).toBe(0)
}

describe('static members', () => {
  test('come back within the session timeout, killed or stopped, and nobody else notices; a second of one name replaces the first', async () => {
    const [topic, source] = [unique('static'), unique('static')]
    await createTopic(topic, 4)
    const startAs = (name: string) =>
      startShipper(own(topic, { SHIPPER_INSTANCE_ID: name, SHIPPER_SESSION_TIMEOUT_MS: '20000' }))
    const [a, b] = await Promise.all([startAs('a'), startAs('b')])
    const shippers = { a, b }
    await untilOwned('each owns two partitions', () =>
      [a, b].every((each) => owned(each, topic).length === 2),
    )
    const writing = stream(topic, source, 4)
    /** Ends one and starts it again: what it owns is its own again, and the other goes on. */
    const again = async (name: 'a' | 'b', end: (shipper: RunningService) => Promise<unknown>) => {
      const other = shippers[name === 'a' ? 'b' : 'a']
      const before = { owned: owned(shippers[name], topic), rebalances: said(other, REBALANCING).length }
      await end(shippers[name])
      shippers[name] = await startAs(name)
      await untilOwned(`${name} owns its partitions`, () => owned(shippers[name], topic).length > 0)
      expect({
        ...{ owned: owned(shippers[name], topic), rebalances: said(other, REBALANCING).length },
      }).toEqual(before)
    }
    // One of them leads the group.
    await again('b', kill)
    await again('a', kill)
    await again('b', stopService)
    await again('a', stopService)

    await expectOnce(source, await writing.stop())

    const more = stream(topic, `${source}-more`, 4)
    const replaced = shippers.b
    await again('b', async () => undefined)
    const { code, stderr } = await replaced.ended
    expect({ code, last: stderr.trim().split('\n').at(-1) }).toEqual({
      code: 1,
      last: expect.stringMatching(
        /Another process with SHIPPER_INSTANCE_ID b joined the group static-\S+ and took over its partitions/,
      ),
    })
    // Both pushed for a moment: what is in flight then may be stored twice.
    const written = await more.stop()
    await eventually('all are stored', async () => (await distinctLinesOf(`${source}-more`)).size === written)
    await expectClean([shippers.a, shippers.b])
  }, 120_000)
})

describe('members without a name', () => {
  test('after kill -9 another takes the partitions over within the session timeout', async () => {
    const [topic, source] = [unique('killed'), unique('killed')]
    await createTopic(topic, 4)
    const [first, second] = await Promise.all([startShipper(own(topic)), startShipper(own(topic))])
    await untilOwned('each owns two partitions', () =>
      [first, second].every((each) => owned(each, topic).length === 2),
    )
    const writing = stream(topic, source, 4)
    await untilCounted(source, 1)
    const killedMs = Date.now()
    await kill(first)
    await untilOwned('the other owns all', () => owned(second, topic).length === 4, 20_000)
    expect(Date.now() - killedMs).toBeLessThan(6_000 + 5_000)
    await expectOnce(source, await writing.stop())
    await expectClean([second])
  })

  test('while others join, only the partitions that move pause', async () => {
    const [topic, source] = [unique('joining'), unique('joining')]
    await createTopic(topic, 4)
    const first = await startShipper(own(topic))
    await untilOwned('the first owns all', () => owned(first, topic).length === 4)
    const second = await startShipper(own(topic))
    await untilOwned('each owns two', () => [first, second].every((each) => owned(each, topic).length === 2))
    const moved = said(first, REBALANCING).map(({ givenUp }) => givenUp)
    expect(moved).toEqual([{ [topic]: expect.any(Array) }])
    expect([...(moved[0]?.[topic] ?? [])].sort()).toEqual(owned(second, topic))

    // A member that does not answer makes the group wait for it, for a session timeout.
    second.child.kill('SIGSTOP')
    const third = startShipper(own(topic))
    const state = async () =>
      (await admin((it) => it.describeGroups([`${topic}-group`]))).groups[0]?.state ?? ''
    await eventually('the group waits for members', async () => (await state()) === 'PreparingRebalance')
    const stays = owned(first, topic)
    const messages = logs(source, 200).map(({ value }, index) => ({
      ...{ value, partition: stays[index % stays.length] as number },
    }))
    await produce(topic, messages)
    await untilCounted(source, 200, 5_000)
    expect(await state()).toBe('PreparingRebalance')
    await untilOwned('the third joined', () => said(first, JOINED).length > 2)
    expect(said(first, REBALANCING)).toHaveLength(1)
    second.child.kill('SIGCONT')
    await untilOwned('the second is back', () => said(first, JOINED).length > 3)
    await expectOnce(source, 200)
    await expectClean([first, second, await third])
  })
})

describe('what is read', () => {
  test('several topics, by the shipper and the tracker', async () => {
    const [one, two] = [unique('several'), unique('several')]
    await Promise.all([createTopic(one), createTopic(two, 2)])
    const KAFKA_TOPIC = `${one},${two}`
    const [shipper, tracker] = await Promise.all([
      startShipper({ KAFKA_TOPIC, KAFKA_GROUP_ID: `${one}-group` }),
      startTracker({ KAFKA_TOPIC, TRACKER_GROUP_ID: `${one}-track` }),
    ])
    for (const topic of [one, two])
      await produce(topic, [
        ...asMessages([logAt(topic, 90, { etat: 'FAILED' }), logAt(topic, 60)]),
        ...logs(topic, 20),
      ])
    await Promise.all([untilCounted(one, 22), untilCounted(two, 22)])
    const events = await eventually('incidents of both', async () => {
      const all = (await readCommitted(TOPIC.incidents)).map(
        ({ value }) => JSON.parse(value) as IncidentEvent,
      )
      const ours = all.filter(({ source }) => source === one || source === two)
      return ours.length >= 4 && ours
    })
    expect(events.map(({ source, event }) => `${source} ${event}`).sort()).toEqual(
      [one, two].flatMap((topic) => [`${topic} opened`, `${topic} resolved`]).sort(),
    )
    await Promise.all([expectOnce(one, 22), expectOnce(two, 22), expectClean([shipper, tracker])])
  })

  test('a pattern: what fits it now and later, from its beginning, new partitions, and none of Vigie’s own', async () => {
    const name = unique('fits')
    const [first, grows, late] = [`${name}-first`, `${name}-grows`, `${name}-late`]
    await Promise.all([createTopic(first), createTopic(grows)])
    const shipper = await startShipper({
      ...own(`/${name}-.*|ingestion-(logs-.+|incidents.*)/`),
      KAFKA_GROUP_ID: `${name}-group`,
    })
    await Promise.all([produce(first, logs(first, 5)), produce(grows, logs(grows, 5))])
    await Promise.all([untilCounted(first, 5), untilCounted(grows, 5)])
    expect(Object.keys(said(shipper, JOINED).at(-1)?.partitions ?? {}).sort()).toEqual([first, grows])

    await createTopic(late, 2)
    await admin((it) => it.createPartitions({ topicPartitions: [{ topic: grows, count: 3 }] }))
    const onEach = (source: string, count: number) =>
      logs(source, 10 * count, 100).map(({ value }, index) => ({ value, partition: index % count }))
    await produce(late, onEach(late, 2))
    await eventually('the topic has grown', async () => {
      const { topics } = await admin((it) => it.fetchTopicMetadata({ topics: [grows] }))
      return topics[0]?.partitions.filter(({ leader }) => leader >= 0).length === 3
    })
    await produce(grows, onEach(grows, 3))
    await Promise.all([untilCounted(late, 20), untilCounted(grows, 35)])
    await Promise.all([expectOnce(late, 20), expectOnce(grows, 35), expectOnce(first, 5)])
    expect(Object.keys(said(shipper, JOINED).at(-1)?.partitions ?? {}).sort()).toEqual([first, grows, late])
    await expectClean([shipper])
  })

  test('where an older consumer of the group left off, whose commits say nothing but an offset', async () => {
    const [topic, source] = [unique('older'), unique('older')]
    await createTopic(topic)
    await produce(topic, logs(source, 30))
    const older = kafka.consumer({ groupId: `${topic}-group` })
    await older.connect()
    await older.subscribe({ topics: [topic], fromBeginning: true })
    let read = 0
    await older.run({ autoCommit: false, eachMessage: async () => void read++ })
    await eventually('it has read', async () => read === 30)
    await older.commitOffsets([{ topic, partition: 0, offset: '12' }])
    await older.disconnect()
    const shipper = await startShipper(own(topic))
    await expectOnce(source, 18)
    expect([...(await distinctLinesOf(source))].some((line) => line.includes('"run 11"'))).toBe(false)
    await expectClean([shipper])
  })

  test('a record of 4.8 MB, gzipped by another producer, becomes a dead letter, cut, and the partition goes on', async () => {
    const [topic, source] = [unique('large'), unique('large')]
    await createTopic(topic, 1, { 'max.message.bytes': '10000000' })
    const value = JSON.stringify(
      logAt(source, 60, { description: randomBytes(3_600_000).toString('base64') }),
    )
    const producer = kafka.producer()
    await producer.connect()
    const send = (messages: Message[]) =>
      producer.send({ topic, messages, compression: kafkajs.CompressionTypes.GZIP })
    await send(logs(source, 3))
    await send([{ value }])
    await send(logs(source, 3, 3))
    await producer.disconnect()
    const shipper = await startShipper(own(topic))
    await expectOnce(source, 6)
    await expectClean([shipper])
    const letters = await deadLettersOf(topic)
    expect(letters.map(({ headers }) => headers)).toEqual([
      expect.objectContaining({ [HEADER.offset]: '3', [HEADER.cut]: String(Buffer.byteLength(value)) }),
    ])
    const kept = letters[0]?.value ?? ''
    expect([value.startsWith(kept), kept.length > 500_000]).toEqual([true, true])
  })
})

/** A member that is kafkajs's, as Vigie's was before, which assigns by round robin under that name. */
async function startOther(topic: string, protocol: string) {
  const consumer = kafka.consumer({
    groupId: `${topic}-group`,
    sessionTimeout: 6_000,
    heartbeatInterval: 300,
    partitionAssigners: [(parts) => ({ ...kafkajs.PartitionAssigners.roundRobin(parts), name: protocol })],
  })
  const values = new Set<string>()
  let owns: readonly number[] = []
  consumer.on('consumer.group_join', ({ payload }) => {
    owns = payload.memberAssignment[topic] ?? []
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({ eachMessage: async ({ message }) => void values.add(String(message.value)) })
  return { values, owns: () => owns, stop: () => consumer.disconnect() }
}

describe('a group with members that are not Vigie’s', () => {
  test.each(['RoundRobinAssigner', 'range'])(
    'which assign by %s: a shipper joins and leaves',
    async (protocol) => {
      const [topic, source] = [unique('mixed'), unique('mixed')]
      await createTopic(topic, 4)
      const other = await startOther(topic, protocol)
      await eventually('the other owns all', async () => other.owns().length === 4)
      const writing = stream(topic, source, 4)
      const joins = async () => {
        const shipper = await startShipper(own(topic))
        await eventually(
          'both own two',
          async () => owned(shipper, topic).length === 2 && other.owns().length === 2,
        )
        await eventually(
          'the shipper ships',
          async () => (await shipper.metric('vigie_shipper_records_total')) > 0,
        )
        return shipper
      }
      await expectClean([await joins()])
      await eventually('the other owns all again', async () => other.owns().length === 4)
      const shipper = await joins()
      await other.stop()
      await untilOwned('the shipper owns all', () => owned(shipper, topic).length === 4)
      const written = await writing.stop()
      await eventually('each is stored by one of them', async () => {
        const stored = new Set([...other.values, ...(await distinctLinesOf(source))])
        return stored.size === written
      })
      await expectClean([shipper])
    },
  )
})
