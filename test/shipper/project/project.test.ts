import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type DecodedRecord, recordOf as decoded } from '../../../kafka/decoded-record.ts'
import { lineBytes } from '../../../loki/encode.ts'
import { type Projected, projector } from '../../../shipper/project/project.ts'

const KAFKA_MS = Date.UTC(2026, 10, 21, 11, 0, 0, 7)
const LOG = {
  fin: '2025-11-23T09:45:30.123Z',
  etat: 'SUCCESS',
  source: 'crm',
  entreprise: 'acme',
  zone: 'eu-west',
}

const recordOf = (value: unknown, offset = 0, timestampMs = KAFKA_MS): DecodedRecord => {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return decoded({ value: Buffer.from(text), offset, timestampMs })
}
type Where = { partition?: number; offset?: number }
const projected = (value: unknown, { partition = 0, offset }: Where = {}): Projected =>
  projector()(recordOf(value, offset), partition)
const withoutLine = ({ entry: { line, ...entry }, ...rest }: Projected) => ({ ...rest, entry })
/** The line's bytes. */
const lineOf = ({ entry: { line } }: Projected): Buffer => lineBytes(line)
/** The entry's time in milliseconds, without the digits below. */
const msOf = ({ entry }: Projected): number => entry.seconds * 1000 + Math.floor(entry.nanos / 1e6)

describe('labels', () => {
  test('are the job and the four fields, in one order whatever the log’s', () => {
    const labels = '{job="kafka-logs", etat="SUCCESS", source="crm", entreprise="acme", zone="eu-west"}'
    expect(projected(LOG)).toMatchObject({ labels, parsed: true })
    const backwards = Object.fromEntries(Object.entries(LOG).reverse())
    expect(projected(backwards).labels).toBe(labels)
  })

  test.each([
    ['absent', undefined],
    ['empty', ''],
    ['null', null],
    ['true', true],
    ['an object', {}],
    ['a list', ['eu']],
  ])('a field that is %s is left out', (_, zone) => {
    expect(projected({ ...LOG, zone }).labels).toBe(
      '{job="kafka-logs", etat="SUCCESS", source="crm", entreprise="acme"}',
    )
  })

  test('a number is written as text, other fields are no labels', () => {
    expect(projected({ zone: 7, source: 0, job: 'other', duree: 3 }).labels).toBe(
      '{job="kafka-logs", source="0", zone="7"}',
    )
  })

  test('logs that differ in one field only are not mistaken for one another', () => {
    const project = projector()
    const values = ['a', 'b', '', undefined, '1', 1, 'a"', 'a\\']
    const written = new Map<string, string>()
    for (const source of values)
      for (const zone of values) {
        const { labels } = project(recordOf({ ...LOG, source, zone }), 0)
        expect(labels).toBe(projected({ ...LOG, source, zone }).labels)
        const key = JSON.stringify([source ?? '', zone ?? ''].map(String))
        expect(written.get(labels) ?? key).toBe(key)
        written.set(labels, key)
      }
  })
})

describe('what is not a log', () => {
  test.each(['', 'GET /health 200', '{"etat":', 'null', '42', '"text"', '[{"etat":"SUCCESS"}]'])(
    '%j goes to a stream of its own, at Kafka’s time',
    (text) => {
      const result = projected(text)
      expect(result).toMatchObject({ labels: '{job="kafka-logs", parse="failed"}', parsed: false })
      expect(msOf(result)).toBe(KAFKA_MS)
      expect(lineOf(result)).toEqual(Buffer.from(text))
    },
  )
})

describe('time', () => {
  test('is the log’s end', () => {
    expect(msOf(projected(LOG))).toBe(Date.parse(LOG.fin))
    expect(msOf(projected({ ...LOG, fin: '2025-11-23T10:45:30+01:00' }))).toBe(
      Date.UTC(2025, 10, 23, 9, 45, 30),
    )
    expect(msOf(projected({ ...LOG, fin: '1970-01-01T00:00:00Z' }))).toBe(0)
  })

  test.each([
    undefined,
    null,
    '',
    'yesterday',
    '2025-13-01T00:00:00Z',
    '1969-12-31T23:59:59Z',
    '2262-01-01T00:00:00Z',
    1763891130123,
    {},
  ])('is Kafka’s when the end is %j', (fin) => {
    const result = projected({ ...LOG, fin })
    expect(msOf(result)).toBe(KAFKA_MS)
    expect(result.parsed).toBe(true)
  })
})

test('the line is the very bytes of the record', () => {
  const record = recordOf(`  ${JSON.stringify(LOG, null, 2)}\n`)
  expect(projector()(record, 0).entry.line).toBe(record)
  const value = Buffer.from([0x7b, 0xff, 0x00])
  expect(lineOf(projector()(decoded({ value }), 0))).toEqual(value)
})

describe('reading the bytes', () => {
  const project = projector()
  /** What is told of a log by JSON.parse alone: a space keeps it from being read in one pass. */
  const byParsing = (value: Buffer): Projected =>
    project(
      decoded({ value: Buffer.concat([value, Buffer.from(' ')]), offset: 77, timestampMs: KAFKA_MS }),
      3,
    )
  const inOnePass = (value: Buffer): Projected =>
    project(decoded({ value, offset: 77, timestampMs: KAFKA_MS }), 3)
  const field = fc.constantFrom('etat', 'source', 'entreprise', 'zone', 'fin', 'duree', 'description')
  const time = fc.oneof(
    fc
      .date({ min: new Date(-1), max: new Date(Date.UTC(2263, 0, 1)), noInvalidDate: true })
      .map((date) => date.toISOString()),
    fc.constantFrom(
      '2025-02-29T00:00:00Z',
      '2025-02-28T24:00:00Z',
      '2025-02-28 10:00:00.5',
      '1969-12-31T23:59:59.999Z',
    ),
  )
  const content = fc.oneof(
    time,
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.constantFrom(null, true, 0, -1.5, 1e300, {}, [], 'crm', 'a"', ''),
  )
  const pairs = fc.array(fc.tuple(field, content), { maxLength: 9 })

  test('tells the same as parsing, also of names that are there twice', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const text = list.map((pair) => pair.map((each) => JSON.stringify(each)).join(':')).join()
        const value = Buffer.from(`{${text}}`)
        expect(withoutLine(inOnePass(value))).toEqual(withoutLine(byParsing(value)))
      }),
      { numRuns: 2_000 },
    )
  })

  test('tells the same as parsing of any bytes in the fields', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 6 }),
        fc.constantFrom('source', 'fin', 'other'),
        (bytes, name) => {
          const value = Buffer.concat([Buffer.from(`{"${name}":"`), bytes, Buffer.from('","zone":"eu"}')])
          expect(withoutLine(inOnePass(value))).toEqual(withoutLine(byParsing(value)))
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

describe('the digits below the millisecond', () => {
  const place = fc.record({
    partition: fc.integer({ min: 0, max: 63 }),
    offset: fc.nat(),
  })

  test('the same record has the same time, and one that Loki can store', () => {
    fc.assert(
      fc.property(place, fc.integer({ min: 0, max: Date.UTC(2261, 0, 1) }), (where, endMs) => {
        const log = { ...LOG, fin: new Date(endMs).toISOString() }
        const first = projected(log, where)
        expect(withoutLine(projected(log, where))).toEqual(withoutLine(first))
        expect(msOf(first)).toBe(endMs)
        const { seconds, nanos } = first.entry
        expect([seconds, nanos].every(Number.isInteger)).toBe(true)
        expect(nanos).toBeGreaterThanOrEqual(0)
        expect(nanos).toBeLessThan(1e9)
      }),
    )
  })

  test.each([0, 15_624, 2 ** 52 + 7])(
    '15,625 consecutive offsets from %d on never share a time, in two partitions',
    (first) => {
      const project = projector()
      const nanos = new Set<number>()
      for (const partition of [0, 63])
        for (let index = 0; index < 15_625; index++) {
          nanos.add(project(recordOf('{}', first + index), partition).entry.nanos)
        }
      expect(nanos.size).toBe(2 * 15_625)
    },
  )

  test('within a millisecond the order of a partition is kept, also across others', () => {
    const offsets = fc.tuple(fc.integer({ min: 0, max: 15_623 }), fc.integer({ min: 1, max: 15_624 }))
    const partitions = fc.tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 0, max: 63 }))
    fc.assert(
      fc.property(fc.nat(), offsets, partitions, (round, [a, b], [one, other]) => {
        fc.pre(a < b)
        const at = (offset: number, partition: number) =>
          projected(LOG, { offset: round * 15_625 + Number(offset), partition }).entry.nanos
        expect(at(a, one)).toBeLessThan(at(b, other))
      }),
    )
  })
})

describe('records of others', () => {
  const at = (value: object, timestampMs = 5_000): DecodedRecord => recordOf(value, 0, timestampMs)

  test('a time without a zone is UTC, as for the producer, and a loose text is no time', () => {
    const project = projector()
    expect(project(at({ fin: '2026-01-15T12:00:00' }), 0).entry.seconds).toBe(
      Date.UTC(2026, 0, 15, 12) / 1000,
    )
    for (const fin of ['March 7', '1', '2026']) expect(project(at({ fin }), 0).entry.seconds).toBe(5)
  })

  test('without any time it is stored at the beginning of 1970, not before', () => {
    expect(projector()(at({ a: 1 }, -1), 0).entry).toMatchObject({ seconds: 0, nanos: 0 })
  })

  test('label values cannot be made to run into one another', () => {
    const project = projector()
    const one = project(at({ source: 'a\u0000b', entreprise: 'c' }), 0).labels
    expect(project(at({ source: 'a', entreprise: 'b\u0000c' }), 0).labels).not.toBe(one)
  })
})
