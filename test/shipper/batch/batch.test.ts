import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type DecodedRecord, recordOf } from '../../../kafka/decoded-record.ts'
import { encodePush } from '../../../loki/encode.ts'
import { type Batch, takeBatch } from '../../../shipper/batch/batch.ts'
import { type Projected } from '../../../shipper/project/project.ts'

/** Records whose value says their stream before a colon and their second behind it; those of `bad` count as unparsed. */
const project = (record: DecodedRecord): Projected => {
  const [stream, second] = String(record.value).split(':')
  const entry = { seconds: Number.parseInt(second ?? '', 10) || 0, nanos: 999_999_999, line: record }
  return { labels: `{stream="${stream}"}`, entry, parsed: stream !== 'bad' }
}
const recordsOf = (values: readonly string[]): DecodedRecord[] =>
  values.map((value, offset) => recordOf({ value: Buffer.from(value), offset }))
const ROOM = { bytes: 10_000, records: 1_000, endBefore: 1_000, seconds: 1_000 }
const taken = (values: readonly string[], room: Partial<typeof ROOM> = {}, start = 0): Batch =>
  takeBatch(recordsOf(values), start, project, { ...ROOM, ...room })
const shown = ({ streams }: Batch): Record<string, string[]> =>
  Object.fromEntries(
    streams.map(({ labels, entries }) => [
      labels,
      entries.map(({ line }) => String((line as DecodedRecord).value)),
    ]),
  )
/** All records, batch by batch. */
function cut(values: readonly string[], bytes: number): Batch[] {
  const list: Batch[] = []
  for (let start = 0; start < values.length; start += list.at(-1)?.records.length ?? 0)
    list.push(taken(values, { bytes }, start))
  return list
}

describe('a batch', () => {
  test('groups by stream, each in the order of time', () => {
    expect(shown(taken(['a:3', 'b:1', 'a:2', 'b:2', 'a:9']))).toEqual({
      '{stream="a"}': ['a:2', 'a:3', 'a:9'],
      '{stream="b"}': ['b:1', 'b:2'],
    })
  })

  test('knows the entry of each record, and the times it spans', () => {
    const batch = taken(['a:3', 'b:1', 'a:2'])
    expect(batch.entries.map(({ line }) => line)).toEqual(batch.records)
    expect([batch.oldestSeconds, batch.newestSeconds]).toEqual([1, 3])
  })

  test('ends before the next record would not fit, in bytes, in number, by its offset or its time', () => {
    const values = Array.from({ length: 6 }, (_, index) => `a:${index}${'x'.repeat(100)}`)
    expect(cut(values, 400).map(({ records }) => records.length)).toEqual([2, 2, 2])
    expect(taken(values, { records: 5 }).records).toHaveLength(5)
    expect(taken(['a:5', 'b:8', 'a:4', 'a:9', 'a:3'], { seconds: 4 }).records).toHaveLength(3)
    expect(taken(values, { endBefore: 3 }).records).toHaveLength(3)
    expect(taken(values, { endBefore: 3 }, 1).records).toHaveLength(2)
  })

  test('of a record that is larger than the room is that record alone', () => {
    const large = `a:${'x'.repeat(2_000)}`
    expect(cut(['a:1', large, 'a:2', 'b:1'], 500).map(({ records }) => records.length)).toEqual([1, 1, 2])
    expect(cut([large, large], 500).map(({ records }) => records.length)).toEqual([1, 1])
  })

  test('counts what could not be read', () => {
    expect(taken(['bad:1', 'a:1', 'bad:2']).unparsed).toBe(2)
  })
})

describe('whatever the records are', () => {
  const name = fc.constantFrom('L'.repeat(50), 'a', '漢'.repeat(30), 'm'.repeat(200), 'bad')
  const value = fc
    .tuple(name, fc.nat(9), fc.integer({ min: 0, max: 300 }))
    .map(([stream, second, length]) => `${stream}:${second}${'x'.repeat(length)}`)
  const values = fc.array(value, { maxLength: 60, size: 'max' })

  test('each comes out once, in order, no batch is empty, and none of several encodes to more than its room', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 2_000 }), (texts, bytes) => {
        const list = cut(texts, bytes)
        expect(list.flatMap(({ records }) => records.map(({ value }) => String(value)))).toEqual(texts)
        for (const { records, streams } of list) {
          expect(records.length).toBeGreaterThan(0)
          expect(streams.reduce((sum, { entries }) => sum + entries.length, 0)).toBe(records.length)
          expect(new Set(streams.map(({ labels }) => labels)).size).toBe(streams.length)
          if (records.length > 1) expect(encodePush(streams).byteLength).toBeLessThanOrEqual(bytes)
        }
      }),
    )
  })
})
