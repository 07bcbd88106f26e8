import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { incidentEventSchema } from '../../../log/incident.ts'
import { lineSchema } from '../../../log/line.ts'
import { streamsOf, type TestStream } from '../../../rules/testing/entries.ts'
import { testFile } from '../../../rules/testing/file.ts'

const START = Date.parse('2026-01-05T00:00:00Z')

const streams = (...logs: unknown[]): TestStream[] => {
  const { tests } = testFile.parse({ tests: [{ name: 'x', logs, expect: [{ at: '1m' }] }] })
  return streamsOf(tests[0]?.logs ?? [], START)
}
const nanosOf = ({ timeNs }: { timeNs: bigint }): bigint => timeNs
const written = ({ labels }: TestStream): string =>
  `{${[...labels].map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`
const ms = (after: number): bigint => BigInt(START + after) * 1_000_000n
const linesOf = (all: TestStream[]): Record<string, unknown>[] =>
  all.flatMap(({ entries }) => entries.map(({ line }) => JSON.parse(String(line)) as Record<string, unknown>))

describe('streamsOf', () => {
  test('no series, no streams', () => {
    expect(streams()).toEqual([])
  })

  test('a run is a log line of the contract, with the labels of its fields', () => {
    const [stream, ...others] = streams({
      at: '1m',
      run: { source: 'crm', etat: 'FAILED', zone: 'us', duree: 7 },
    })
    expect(others).toEqual([])
    expect(stream && written(stream)).toBe(
      '{entreprise="acme", etat="FAILED", job="kafka-logs", source="crm", zone="us"}',
    )
    const [line] = linesOf(stream ? [stream] : [])
    expect(line).toEqual(lineSchema.parse(line))
    expect(line).toMatchObject({
      source: 'crm',
      etat: 'FAILED',
      zone: 'us',
      duree: 7,
      fin: '2026-01-05T00:01:00.000Z',
    })
    expect(stream?.entries.map(nanosOf)).toEqual([ms(60_000)])
  })

  test('an incident is an event of the contract, once its own fields are given', () => {
    const own = {
      source: 'crm',
      event: 'resolved',
      opened_at: '2026-01-05T00:00:00Z',
      detect_s: 1,
      downtime_s: 60,
    }
    const [stream] = streams({ at: '1m', incident: own })
    expect(stream && written(stream)).toBe(
      '{entreprise="acme", event="resolved", job="ingestion-incidents", source="crm", zone="eu-west"}',
    )
    const [line] = linesOf(stream ? [stream] : [])
    expect(incidentEventSchema.safeParse(line).error).toBeUndefined()
    expect(line).toMatchObject(own)
  })

  test('records that were set aside have their reason as label; any other stream is as it is written', () => {
    const all = streams(
      { at: '1m', rejected: 'bad_time' },
      { at: '1m', dead_letter: 'too_large' },
      { at: '1m', stream: { job: 'mine', b: 'x"y' }, line: 'not json' },
    )
    expect(all.map(written)).toEqual([
      '{job="ingestion-rejected", reason="bad_time"}',
      '{job="ingestion-dead-letters", reason="too_large"}',
      String.raw`{b="x\"y", job="mine"}`,
    ])
    expect(String(all[2]?.entries[0]?.line)).toBe('not json')
  })

  test('series of the same labels share a stream, however they are written', () => {
    const [stream, ...others] = streams(
      { at: ['3m', '1m'], run: { source: 'crm', cpu: 1 } },
      { every: '1m', to: '2m', run: { source: 'crm', cpu: 2 } },
    )
    expect(others).toEqual([])
    expect(linesOf(stream ? [stream] : []).map(({ cpu }) => cpu)).toEqual([1, 1, 2, 2, 2])
  })

  test('every: both ends are included, and from is the start when left out', () => {
    const instants = (series: Record<string, string>) =>
      streams({ ...series, run: { source: 'a' } }).flatMap(({ entries }) => entries).length
    expect(instants({ every: '1m', to: '10m' })).toBe(11)
    expect(instants({ every: '1m', from: '10m', to: '10m' })).toBe(1)
    expect(instants({ every: '3m', from: '1m', to: '10m' })).toBe(4)
    expect(instants({ every: '3m', from: '1m', to: '9m59s' })).toBe(3)
  })

  const anySeries = fc.record({
    at: fc.uniqueArray(
      fc.integer({ min: 0, max: 300 }).map((s) => `${s}s`),
      { minLength: 1, maxLength: 4 },
    ),
    count: fc.integer({ min: 1, max: 20 }),
    run: fc.record({ source: fc.constantFrom('a', 'b'), etat: fc.constantFrom('SUCCESS', 'FAILED') }),
  })
  test('as many lines as asked for; all differ, and none leaves its millisecond', () => {
    fc.assert(
      fc.property(fc.array(anySeries, { maxLength: 5 }), (all) => {
        const entries = streams(...all).flatMap((stream) =>
          stream.entries.map((entry) => ({
            identity: `${written(stream)} ${nanosOf(entry)} ${entry.line}`,
            at: nanosOf(entry),
            line: entry.line,
          })),
        )
        expect(entries).toHaveLength(all.reduce((total, { at, count }) => total + at.length * count, 0))
        expect(new Set(entries.map(({ identity }) => identity)).size).toBe(entries.length)
        for (const { at, line } of entries) {
          const { fin } = JSON.parse(String(line)) as { fin: string }
          // At its instant or up to a millisecond before: what ends there is seen there.
          const before = BigInt(Date.parse(fin)) * 1_000_000n - at
          expect(before >= 0n && before < 1_000_000n).toBe(true)
        }
      }),
    )
  })
})
