import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Digest, digest } from '../../incidents/digest.ts'
import { type SourceState } from '../../incidents/incident.ts'
import { readState, writtenState } from '../../incidents/state.ts'
import { type IncidentEvent } from '../../log/incident.ts'

const T0 = Date.UTC(2026, 10, 21, 12)
type Log = {
  source: string
  fin: string
  etat: string
  entreprise: string
  zone: string
  description: string
}
type LogRecord = { value: Buffer; timestampMs: number; log: Log }

/** Few sources, few milliseconds, few texts: late logs, equal times and equal bytes come often. */
const log: fc.Arbitrary<LogRecord> = fc
  .record({
    source: fc.constantFrom('crm', 'erp', '__proto__'),
    atMs: fc.integer({ min: 0, max: 12 }),
    etat: fc.constantFrom('SUCCESS', 'FAILED'),
    description: fc.constantFrom('a', 'b'),
  })
  .map(({ source, atMs, etat, description }) => {
    const each = {
      source,
      fin: new Date(T0 + atMs).toISOString(),
      etat,
      entreprise: 'acme',
      zone: 'eu',
      description,
    }
    return { value: Buffer.from(JSON.stringify(each)), timestampMs: T0 + 50, log: each }
  })
const logs = fc.array(log, { maxLength: 60, size: 'max' })

type States = ReadonlyMap<string, SourceState>
const NONE: States = new Map()
/** The states after a digest, as another process would read them from the topic. */
function reread(states: States, { changed }: Digest): States {
  const all = new Map([...states, ...changed])
  return new Map(
    [...all].map(([source, state]) => [
      source,
      readState(source, Buffer.from(writtenState({ state, partition: 0 }))).state,
    ]),
  )
}
const written = (events: readonly IncidentEvent[]): string[] => events.map((event) => JSON.stringify(event))
const allEvents = (records: readonly LogRecord[]) => digest(NONE, records).events

describe('whatever the logs are', () => {
  test('cut anywhere and resumed from what was written, the events are the same', () => {
    fc.assert(
      fc.property(logs, fc.array(fc.nat(60), { maxLength: 4 }), (records, cuts) => {
        let states = NONE
        const events: IncidentEvent[] = []
        const ends = [...cuts.map((cut) => cut % (records.length + 1)), records.length].sort((a, b) => a - b)
        let from = 0
        for (const to of ends) {
          const part = digest(states, records.slice(from, to))
          events.push(...part.events)
          states = reread(states, part)
          from = to
        }
        expect(written(events)).toEqual(written(allEvents(records)))
      }),
    )
  })

  test('fed again, from anywhere, nothing happens', () => {
    fc.assert(
      fc.property(logs, fc.nat(60), (records, cut) => {
        const first = digest(NONE, records)
        const again = digest(reread(NONE, first), records.slice(cut % (records.length + 1)))
        expect(again.events).toEqual([])
        expect(again.changed.size).toBe(0)
        expect(again.verdicts.handled).toBe(0)
      }),
    )
  })

  test('with an old part fed again in between, the events are the same', () => {
    fc.assert(
      fc.property(logs, fc.nat(60), fc.nat(60), (records, a, b) => {
        const [from, to] = [a % (records.length + 1), b % (records.length + 1)].sort((x, y) => x - y)
        const redelivered = [...records.slice(0, to), ...records.slice(from)]
        expect(written(allEvents(redelivered))).toEqual(written(allEvents(records)))
      }),
    )
  })

  test('opened and resolved alternate in each source, in pairs, and time does not run backwards', () => {
    fc.assert(
      fc.property(logs, (records) => {
        const all = allEvents(records)
        for (const source of new Set(all.map((event) => event.source))) {
          const events = all.filter((event) => event.source === source)
          events.forEach((event, index) => {
            const before = events[index - 1]
            expect(event.event).toBe(index % 2 === 0 ? 'opened' : 'resolved')
            if (before !== undefined) expect(event.at >= before.at).toBe(true)
            if (event.event === 'opened') return
            expect(event).toMatchObject({ incident: before?.incident, opened_at: before?.at })
            expect(event.downtime_s).toBe((Date.parse(event.at) - Date.parse(event.opened_at)) / 1000)
            expect(event.downtime_s).toBeGreaterThanOrEqual(0)
          })
        }
      }),
    )
  })

  test('they are those that a list of all logs gives', () => {
    fc.assert(
      fc.property(logs, (records) => {
        const expected: string[] = []
        const kept = new Map<string, Log[]>()
        for (const { log: each } of records) {
          const before = kept.get(each.source) ?? []
          const isLate = before.some(({ fin }) => fin > each.fin)
          const isSeen = before.some((other) => JSON.stringify(other) === JSON.stringify(each))
          if (isLate || isSeen) continue
          const wasDown = before.at(-1)?.etat === 'FAILED'
          if (wasDown !== (each.etat === 'FAILED') && (before.length > 0 || each.etat === 'FAILED'))
            expected.push(`${each.source} ${wasDown ? 'resolved' : 'opened'} ${each.fin}`)
          kept.set(each.source, [...before, each])
        }
        expect(allEvents(records).map(({ source, event, at }) => `${source} ${event} ${at}`)).toEqual(
          expected,
        )
      }),
    )
  })
})

test('each record counts once, and what is no log changes nothing', () => {
  const good = { source: 'crm', fin: '2026-11-21T12:00:00Z', etat: 'FAILED', entreprise: 'acme', zone: 'eu' }
  const bad: unknown[] = [
    ...['', 'GET /health 200', '{', 'null', '42', '[]', '{}'],
    ...['etat', 'fin', 'source', 'entreprise', 'zone'].flatMap((field) =>
      [undefined, null, '', 7, {}, 'x'.repeat(600)].map((value) => ({ ...good, [field]: value })),
    ),
    { ...good, etat: 'failed' },
    { ...good, fin: '2026-02-30T12:00:00Z' },
    { ...good, fin: '1969-12-31T23:59:59Z' },
  ]
  const record = (value: unknown) => ({
    value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
    timestampMs: T0,
  })
  const records = [...bad.map(record), { value: null, timestampMs: 0 }]
  const { changed, events, verdicts } = digest(NONE, records)
  expect([changed.size, events.length]).toEqual([0, 0])
  expect(verdicts).toEqual({ handled: 0, late: 0, duplicate: 0, skipped: records.length })
  expect(digest(NONE, [record(good)]).verdicts.handled).toBe(1)
})

test('a long description is quoted in part', () => {
  const value = { source: 'crm', fin: '2026-11-21T12:00:00Z', etat: 'FAILED', entreprise: 'a', zone: 'z' }
  const long = Buffer.from(JSON.stringify({ ...value, description: 'é'.repeat(5_000) }))
  const [event] = digest(NONE, [{ value: long, timestampMs: T0 }]).events
  expect(event?.first_description).toBe('é'.repeat(1_000))
})

test('a state that no tracker wrote is an error that names its source', () => {
  for (const text of ['', '{}', 'null', '{"newestMs":-1,"atNewest":[],"partition":0}'])
    expect(() => readState('crm', Buffer.from(text))).toThrow(/state of source crm on the topic ingestion-/)
})
