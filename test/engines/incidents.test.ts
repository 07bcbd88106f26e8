import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { digest } from '../../incidents/digest.ts'
import { createKafka, withAdmin, withCalls } from '../../kafka/client.ts'
import { committedOffsets, endOffsets, recordsBetween } from '../../kafka/offsets.ts'
import { fencingProducer, writeTogether } from '../../kafka/transactions.ts'
import { type IncidentEvent } from '../../log/incident.ts'
import { type LogLine } from '../../log/line.ts'
import { HEADER, TOPIC } from '../../log/names.ts'
import { nanoseconds, queryInstant } from '../../loki/query.ts'
import { PROJECT_ROOT } from '../../stack/config.ts'
import {
  asMessages,
  brokers,
  createTopic,
  engineEnv,
  eventually,
  linesOf,
  logAt,
  produce,
  readCommitted,
  settings,
  start,
  startShipper,
  startTracker,
  stopService,
  unique,
} from './harness.ts'

const kafka = createKafka(settings.kafka, 'test')
const own = (topic: string) => ({ KAFKA_TOPIC: topic, TRACKER_GROUP_ID: `${topic}-group` })

/** The events of the sources whose names begin so, each as its text, in the order of the topic. */
const eventsOf = async (prefix: string): Promise<string[]> =>
  (await readCommitted(TOPIC.incidents)).flatMap(({ key, value }) => (key.startsWith(prefix) ? [value] : []))

/** What the pure core makes of everything on a topic of logs. */
async function expectedFrom(topic: string): Promise<string[]> {
  const logs = (await readCommitted(topic)).map((log) => ({
    timestampMs: Number(log.timestamp),
    value: Buffer.from(log.value),
  }))
  return digest(new Map(), logs).events.map((event) => JSON.stringify(event))
}

const endsOf = (topic: string) => withCalls(settings.kafka, 'test', (calls) => endOffsets(calls, topic))

const left = (topic: string): Promise<number> =>
  withAdmin(kafka, brokers, async (admin) =>
    recordsBetween(await committedOffsets(admin, `${topic}-group`, topic), await endsOf(topic)),
  )
const untilTracked = (topic: string, deadlineMs = 30_000) =>
  eventually('everything is tracked', async () => (await left(topic)) === 0, deadlineMs)

/** Runs of many sources, a third of them failed, the n-th of each n seconds after its first. */
function runsOf(prefix: string, sources: number, rounds: number, firstRound = 0): LogLine[] {
  return Array.from({ length: sources * rounds }, (_, index) => {
    const round = firstRound + Math.floor(index / sources)
    const etat = Math.random() < 1 / 3 ? 'FAILED' : 'SUCCESS'
    const description = `run ${round}`
    return logAt(`${prefix}-${index % sources}`, 86_400 - round, { etat, description })
  })
}

/** How the events on the topic differ from what the logs say. */
async function differences(topic: string) {
  const expected = await expectedFrom(topic)
  const events = await eventsOf(topic)
  const [right, found] = [new Set(expected), new Set(events)]
  return {
    lost: expected.filter((event) => !found.has(event)),
    doubled: events.filter((event, index) => events.indexOf(event) !== index),
    wrong: events.filter((event) => !right.has(event)),
    atLeast500: events.length > 500,
  }
}

/** Goes on writing logs, as fast as Kafka takes them, until it is stopped. */
function stream(topic: string, prefix: string, sources: number) {
  const state = { stopped: false, written: 0 }
  const ended = (async () => {
    for (let round = 0; !state.stopped; round += 10) {
      const logs = runsOf(prefix, sources, 10, round)
      await produce(topic, asMessages(logs))
      state.written += logs.length
    }
  })()
  return {
    written: () => state.written,
    stop: async () => {
      state.stopped = true
      await ended
    },
  }
}

/** The queries of docs/incidents.md, in their order, for the sources whose names begin so. */
function documentedQueries(prefix: string): string[] {
  const document = readFileSync(join(PROJECT_ROOT, 'docs', 'incidents.md'), 'utf8')
  const queries = [...document.matchAll(/```logql\n([\s\S]*?)```/g)].map(([, query = '']) => query)
  expect(queries).toHaveLength(5)
  return queries.map((query) => query.replaceAll('{job=', `{source=~"${prefix}.*", job=`))
}

/** The same answers, from the events themselves. */
function answersFrom(events: readonly IncidentEvent[]) {
  const mean = (values: (number | undefined)[]) => {
    const present = values.filter((value) => value !== undefined)
    return present.reduce((sum, value) => sum + value, 0) / present.length
  }
  const opened = events.filter(({ event }) => event === 'opened')
  const resolved = events.filter(({ event }) => event === 'resolved')
  const over = new Set(resolved.map(({ incident }) => incident))
  return {
    mttr: mean(resolved.map(({ downtime_s }) => downtime_s)),
    up: mean(opened.map(({ up_s }) => up_s)),
    detection: mean(opened.map(({ detect_s }) => detect_s)),
    open: opened.flatMap(({ incident }) => (over.has(incident) ? [] : [incident])),
  }
}

describe('vigie track', () => {
  test('finds exactly the incidents of the sample, with their downtimes', async () => {
    const topic = unique('track-sample')
    const file = join(PROJECT_ROOT, 'producer', 'sample', 'logs.json')
    const sample = (JSON.parse(readFileSync(file, 'utf8')) as LogLine[]).map((log) => ({
      ...log,
      source: `${topic}-${log.source}`,
    }))
    const failures = sample.filter(({ etat }) => etat === 'FAILED')
    expect(failures).toHaveLength(1)
    const expected = failures.flatMap((failure) => {
      const later = sample.filter(({ source, fin }) => source === failure.source && fin > failure.fin)
      const recovery = later
        .filter(({ etat }) => etat === 'SUCCESS')
        .sort((a, b) => (a.fin < b.fin ? -1 : 1))[0]
      const downtime_s = (Date.parse(recovery?.fin ?? '') - Date.parse(failure.fin)) / 1000
      return [
        { event: 'opened', at: failure.fin, source: failure.source },
        { event: 'resolved', at: recovery?.fin, opened_at: failure.fin, failed_runs: 1, downtime_s },
      ]
    })
    await createTopic(topic, 3)
    await produce(topic, asMessages(sample))
    await produce(topic, [{ key: 'x', value: 'not a log' }])
    const tracker = await startTracker(own(topic))
    await untilTracked(topic)
    expect((await eventsOf(topic)).map((text) => JSON.parse(text) as IncidentEvent)).toMatchObject(expected)
    expect(await tracker.metric('vigie_tracker_logs_total{verdict="handled"}')).toBe(72)
    expect(await tracker.metric('vigie_tracker_logs_total{verdict="skipped"}')).toBe(1)
    expect(await tracker.metric('vigie_tracker_open_incidents')).toBe(0)
    await eventually(
      'there is no lag',
      async () => (await tracker.metric('vigie_tracker_lag_messages')) === 0,
    )
    expect(await stopService(tracker)).toMatchObject({ code: 0 })
  })

  test('the same content again is no second incident, also for another process', async () => {
    const topic = unique('track-twice')
    await createTopic(topic, 3)
    const logs = runsOf(topic, 7, 40)
    await produce(topic, asMessages(logs))
    const first = await startTracker(own(topic))
    await untilTracked(topic)
    const before = await eventsOf(topic)
    expect(before.length).toBeGreaterThan(50)
    await produce(topic, asMessages(logs))
    await untilTracked(topic)
    const down = await first.metric('vigie_tracker_open_incidents')
    await stopService(first)
    await produce(topic, asMessages(logs))
    const second = await startTracker(own(topic))
    await untilTracked(topic)
    expect(await eventsOf(topic)).toEqual(before)
    expect(await second.metric('vigie_tracker_logs_total{verdict="handled"}')).toBe(0)
    expect(await second.metric('vigie_tracker_logs_total{verdict="duplicate"}')).toBe(7)
    const lastOfEach = new Map(before.map((text) => [JSON.parse(text).source, JSON.parse(text).event]))
    expect(down).toBe([...lastOfEach.values()].filter((event) => event === 'opened').length)
    expect(await second.metric('vigie_tracker_open_incidents')).toBe(down)
    await stopService(second)
  })

  test('killed ten times at random moments, it neither loses nor doubles an event', async () => {
    const topic = unique('track-kill')
    await createTopic(topic, 3)
    const writing = stream(topic, topic, 30)
    for (let kill = 0; kill < 10; kill++) {
      const before = await left(topic)
      const tracker = start(['track'], { ...engineEnv(), ...own(topic), TRACKER_METRICS_PORT: '0' })
      await eventually('it is at work', async () => {
        const now = await left(topic)
        return writing.written() > 0 && (now < before || now < writing.written() / 2)
      })
      await pause(Math.random() * 150)
      tracker.child.kill('SIGKILL')
      await tracker.ended
    }
    await writing.stop()
    const last = await startTracker(own(topic))
    await untilTracked(topic)
    await stopService(last)
    expect(writing.written()).toBeGreaterThan(3_000)
    expect(await differences(topic)).toEqual({ lost: [], doubled: [], wrong: [], atLeast500: true })
  }, 240_000)

  test('of two, one is killed and one stopped: the other goes on where they were', async () => {
    const topic = unique('track-two')
    await createTopic(topic, 4)
    const writing = stream(topic, topic, 20)
    const [first, second] = await Promise.all([startTracker(own(topic)), startTracker(own(topic))])
    const handled = 'vigie_tracker_logs_total'
    await eventually(
      'both track',
      async () => (await first.metric(handled)) * (await second.metric(handled)) > 0,
    )
    first.child.kill('SIGKILL')
    const reached = await second.metric(handled)
    const third = await startTracker(own(topic))
    await eventually('the third tracks', async () => (await third.metric(handled)) > 100)
    await eventually('the second went on', async () => (await second.metric(handled)) > reached + 100)
    expect(await stopService(second)).toMatchObject({ code: 0 })
    await writing.stop()
    await untilTracked(topic)
    const { members } = await withAdmin(kafka, brokers, async (admin) => ({
      members: (await admin.describeGroups([`${topic}-group`])).groups[0]?.members.length,
    }))
    expect(members).toBe(1)
    await stopService(third)
    const found = await differences(topic)
    // What each took over, and with which offsets, is in its log.
    if (found.wrong.length > 0) process.stderr.write(`${second.stderr()}\n${third.stderr()}\n`)
    expect(found).toMatchObject({ lost: [], doubled: [], wrong: [] })
  }, 120_000)
})

describe('transactions', () => {
  const producer = (id: string) => fencingProducer(settings.kafka, 'test', id)

  test('a new owner fences the old one, and what that had begun is never seen', async () => {
    const topic = unique('fence')
    await createTopic(topic)
    const progress = { groupId: topic, topic, partition: 0, nextOffset: 1n }
    const write = (from: typeof old, value: string) =>
      writeTogether(from, [{ topic, messages: [{ value }] }], progress)
    const old = await producer(topic)
    await write(old, 'first')
    const open = await old.transaction()
    await open.write([{ topic, value: 'never' }])
    const next = await producer(topic)
    await expect(open.commit()).rejects.toThrow(/old epoch|fenced/i)
    await write(next, 'second')
    await expect(write(old, 'zombie')).rejects.toThrow()
    expect((await readCommitted(topic)).map(({ value }) => value)).toEqual(['first', 'second'])
    await Promise.all([old.disconnect(), next.disconnect()])
  })

  test('aborted ones that overlap are never seen', async () => {
    const topic = unique('overlap')
    await createTopic(topic)
    const producers = await Promise.all([1, 2, 3].map((each) => producer(`${topic}-${each}`)))
    for (let round = 0; round < 3; round++) {
      const transactions = await Promise.all(producers.map((each) => each.transaction()))
      for (const each of [...transactions, ...transactions]) await each.write([{ topic, value: 'aborted' }])
      for (const each of transactions.reverse()) await each.abort()
    }
    await produce(topic, [{ value: 'plain' }])
    expect((await readCommitted(topic)).map(({ value }) => value)).toEqual(['plain'])
    await Promise.all(producers.map((each) => each.disconnect()))
  })
})

describe('the side topics in Loki', () => {
  test('hold incidents at their times, and what was set aside by reason; nothing loops', async () => {
    const topic = unique('side')
    await createTopic(topic, 3)
    const tracker = await startTracker(own(topic))
    const shipper = await startShipper({
      KAFKA_TOPIC: topic,
      KAFKA_GROUP_ID: `${topic}-ship`,
      SHIPPER_SIDE_TOPICS: 'true',
    })
    await produce(topic, asMessages(runsOf(topic, 3, 30)))
    await produce(topic, asMessages([logAt(`${topic}-0`, 60, { etat: 'FAILED' })]))
    await untilTracked(topic)
    const events = await eventsOf(topic)
    expect(events.length).toBeGreaterThan(10)
    const lines = await eventually('all events are in Loki', async () => {
      const found = await linesOf(`{job="ingestion-incidents", source=~"${topic}.*"}`)
      return found.length >= events.length && found
    })
    expect(lines.map(({ line }) => line).sort()).toEqual([...events].sort())
    for (const { labels, line, timestampNs } of lines) {
      const { event, source, entreprise, zone, at } = JSON.parse(line) as IncidentEvent
      expect(labels).toEqual({ job: 'ingestion-incidents', event, source, entreprise, zone })
      expect(timestampNs / 1_000_000n).toBe(BigInt(Date.parse(at)))
    }

    await eventually('the questions of docs/incidents.md have their answers', async () => {
      const answers = await Promise.all(
        documentedQueries(topic).map((query) => queryInstant(settings.loki, query, nanoseconds(Date.now()))),
      )
      const [mttr, mtbf, detection, open, count] = answers
      const expected = answersFrom(events.map((event) => JSON.parse(event) as IncidentEvent))
      expect(mttr?.[0]?.value).toBeCloseTo(expected.mttr, 6)
      expect(mtbf?.[0]?.value).toBeCloseTo(expected.mttr + expected.up, 6)
      expect(detection?.[0]?.value).toBeCloseTo(expected.detection, 6)
      expect(open?.map(({ labels }) => labels.incident).sort()).toEqual(expected.open.sort())
      expect(count?.[0]?.value).toBe(expected.open.length)
      return true
    })

    await produce(TOPIC.rejected, [
      { value: 'x'.repeat(300_000), headers: { [HEADER.reason]: 'bad_time', [HEADER.uri]: topic } },
    ])
    await produce(TOPIC.deadLetters, [
      { value: 'y', headers: { [HEADER.reason]: 'too_large', [HEADER.topic]: topic, [HEADER.offset]: '7' } },
    ])
    const of = (job: string) => async () => {
      const found = await linesOf(`{job="${job}"} |= "${topic}"`)
      return found.length > 0 && found
    }
    const [rejected] = await eventually('the rejected record', of('ingestion-rejected'))
    expect(rejected?.labels).toEqual({ job: 'ingestion-rejected', reason: 'bad_time' })
    expect(JSON.parse(rejected?.line ?? '')).toEqual({ reason: 'bad_time', uri: topic })
    const [dead] = await eventually('the dead letter', of('ingestion-dead-letters'))
    expect(dead?.labels).toEqual({ job: 'ingestion-dead-letters', reason: 'too_large' })
    expect(JSON.parse(dead?.line ?? '')).toEqual({ reason: 'too_large', topic, offset: '7' })

    // A line that Loki refuses, then markers of an aborted transaction at the very end.
    await produce(TOPIC.incidents, [{ key: 'x', value: JSON.stringify({ long: 'z'.repeat(300_000) }) }])
    const aborting = await fencingProducer(settings.kafka, 'test', topic)
    const transaction = await aborting.transaction()
    await transaction.write([{ topic: TOPIC.incidents, value: `{"never": "${topic}"}` }])
    await transaction.abort()
    await aborting.disconnect()
    await eventually(
      'it is refused',
      async () => (await shipper.metric('vigie_shipper_side_lines_refused_total')) > 0,
    )
    await eventually('no topic waits', () =>
      withAdmin(kafka, brokers, async (admin) => {
        const lefts = await Promise.all(
          [topic, TOPIC.incidents, TOPIC.rejected, TOPIC.deadLetters].map(async (name) =>
            recordsBetween(await committedOffsets(admin, `${topic}-ship`, name), await endsOf(name)),
          ),
        )
        return lefts.every((each) => each === 0)
      }),
    )
    expect(await shipper.metric('vigie_shipper_lag_messages')).toBe(0)
    expect(await shipper.metric('vigie_shipper_dead_letters_total')).toBe(0)
    expect(await linesOf(`{job="ingestion-incidents"} |= "never"`)).toEqual([])
    await stopService(shipper)
    await stopService(tracker)
  }, 120_000)
})
