import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Batch, batches } from '../../shipper/batch.ts'
import { type KafkaRecord, type Projected } from '../../shipper/project.ts'

/** Records whose value says their stream before a colon; those of the stream `bad` count as unparsed. */
const project = (record: KafkaRecord): Projected => {
  const [stream] = record.value.toString().split(':')
  const entry = { seconds: 1_763_891_130, nanos: 999_999_999, line: record.value }
  return { labels: `{stream="${stream}"}`, entry, parsed: stream !== 'bad' }
}
const recordsOf = (...values: string[]): KafkaRecord[] =>
  values.map((value, index) => ({
    value: Buffer.from(value),
    partition: 0,
    offset: BigInt(index),
    timestampMs: 0,
  }))
const cut = (maxBytes: number, ...values: string[]): Batch[] => [
  ...batches(recordsOf(...values), project, maxBytes),
]
const shown = (list: Batch[]): Record<string, string[]>[] =>
  list.map(({ streams }) =>
    Object.fromEntries(
      streams.map(({ labels, entries }) => [labels, entries.map(({ line }) => Buffer.from(line).toString())]),
    ),
  )

describe('batches', () => {
  test('of nothing are none', () => {
    expect(cut(1_000)).toEqual([])
  })

  test('group by stream, each in the order of the offsets', () => {
    expect(shown(cut(10_000, 'a:1', 'b:1', 'a:2', 'b:2', 'a:3'))).toEqual([
      { '{stream="a"}': ['a:1', 'a:2', 'a:3'], '{stream="b"}': ['b:1', 'b:2'] },
    ])
  })

  test('begin anew when the next record would not fit', () => {
    const list = cut(400, ...Array.from({ length: 6 }, (_, index) => `a:${index}${'x'.repeat(100)}`))
    expect(list.map(({ records }) => records.length)).toEqual([2, 2, 2])
    expect(list.flatMap(({ records }) => records.map(({ offset }) => Number(offset)))).toEqual([
      0, 1, 2, 3, 4, 5,
    ])
  })

  test('a record that is larger than the limit travels alone', () => {
    const large = `a:${'x'.repeat(2_000)}`
    expect(cut(500, 'a:1', large, 'a:2', 'b:1').map(({ records }) => records.length)).toEqual([1, 1, 2])
    expect(cut(500, large, large).map(({ records }) => records.length)).toEqual([1, 1])
  })

  test('count what could not be read, batch by batch', () => {
    const list = cut(200, 'bad:1', 'a:1', 'bad:2', `a:${'x'.repeat(150)}`, 'bad:3')
    expect(list.map(({ unparsed }) => unparsed)).toEqual([2, 0, 1])
  })
})

describe('whatever the records are', () => {
  const value = fc
    .tuple(fc.constantFrom('a', 'b', 'bad', 'long-name-'.repeat(5)), fc.integer({ min: 0, max: 300 }))
    .map(([stream, length]) => `${stream}:${'x'.repeat(length)}`)
  const values = fc.array(value, { maxLength: 40 })
  const limit = fc.integer({ min: 1, max: 2_000 })

  test('each comes out once, in order, and none is empty', () => {
    fc.assert(
      fc.property(values, limit, (texts, maxBytes) => {
        const list = cut(maxBytes, ...texts)
        expect(list.flatMap(({ records }) => records)).toEqual(recordsOf(...texts))
        for (const { records, streams } of list) {
          expect(records.length).toBeGreaterThan(0)
          expect(streams.reduce((sum, { entries }) => sum + entries.length, 0)).toBe(records.length)
          expect(new Set(streams.map(({ labels }) => labels)).size).toBe(streams.length)
        }
      }),
    )
  })
})
