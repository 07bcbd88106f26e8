import { describe, expect, test } from '@jest/globals'
import { recordOf } from '../../kafka/decoded-record.ts'
import { HEADER, TOPIC } from '../../log/names.ts'
import { lineBytes } from '../../loki/encode.ts'
import { type Projected } from '../../shipper/project/project.ts'
import { sideTopics } from '../../shipper/side.ts'

const KAFKA_MS = Date.UTC(2026, 10, 21, 11, 0, 0, 7)
type Parts = Partial<Parameters<typeof recordOf>[0]>
const project = (topic: string, parts: Parts): Projected => {
  const shipped = sideTopics().get(topic)
  if (shipped === undefined) throw new Error(`${topic} is no side topic`)
  return shipped.project(
    recordOf({ value: Buffer.from('{}'), offset: 3, timestampMs: KAFKA_MS, ...parts }),
    0,
  )
}
const lineOf = ({ line }: Projected['entry']): Buffer => lineBytes(line)

describe('incidents', () => {
  const event = {
    event: 'opened',
    at: '2026-11-21T10:00:00.250Z',
    source: 'crm',
    entreprise: 'acme',
    zone: 'eu',
  }
  test('are labelled by event, source, company and zone, and stand at the time of the event', () => {
    const value = Buffer.from(JSON.stringify(event))
    const { labels, entry } = project(TOPIC.incidents, { value })
    expect(labels).toBe(
      '{job="ingestion-incidents", event="opened", source="crm", entreprise="acme", zone="eu"}',
    )
    expect(entry).toMatchObject({ seconds: Date.parse(event.at) / 1000 - 0.25, nanos: 250_000_192 })
    expect(lineOf(entry)).toEqual(value)
  })

  test('that are no JSON stay visible', () => {
    expect(project(TOPIC.incidents, { value: Buffer.from('?') })).toMatchObject({
      labels: '{job="ingestion-incidents", parse="failed"}',
      parsed: false,
    })
  })
})

describe('what was set aside', () => {
  test('becomes a line of its headers, never of its value', () => {
    const headers = {
      [HEADER.reason]: Buffer.from('bad_time'),
      [HEADER.detail]: 'fin is "yesterday"',
      [HEADER.uri]: [Buffer.from('s3://bucket/é.json'), Buffer.from('second')],
      [HEADER.record]: '12',
      other: 'x',
    }
    const { labels, entry, parsed } = project(TOPIC.rejected, { value: Buffer.from('the secret'), headers })
    expect(labels).toBe('{job="ingestion-rejected", reason="bad_time"}')
    expect(JSON.parse(String(lineOf(entry)))).toEqual({
      reason: 'bad_time',
      detail: 'fin is "yesterday"',
      uri: 's3://bucket/é.json',
      record: '12',
    })
    expect(entry).toMatchObject({ seconds: Math.floor(KAFKA_MS / 1000), nanos: 7_000_192 })
    expect(parsed).toBe(true)
  })

  test('says where a dead letter came from, and quotes a long answer of Loki in part', () => {
    const headers = {
      [HEADER.reason]: 'bad_request',
      [HEADER.detail]: 'x'.repeat(300_000),
      [HEADER.topic]: TOPIC.logs,
      [HEADER.partition]: '2',
      [HEADER.offset]: '41',
    }
    const { labels, entry } = project(TOPIC.deadLetters, { headers })
    expect(labels).toBe('{job="ingestion-dead-letters", reason="bad_request"}')
    expect(JSON.parse(String(lineOf(entry)))).toMatchObject({
      topic: TOPIC.logs,
      partition: '2',
      offset: '41',
    })
    expect(entry.line.byteLength).toBeLessThan(3_000)
  })

  test('without headers it is still a line', () => {
    const { labels, entry } = project(TOPIC.deadLetters, { timestampMs: -1 })
    expect([labels, String(lineOf(entry)), entry.seconds]).toEqual([
      '{job="ingestion-dead-letters"}',
      '{}',
      0,
    ])
  })
})
