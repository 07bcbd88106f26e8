import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type DecodedRecord } from '../../../kafka/decoded-record.ts'
import { headerText } from '../../../kafka/headers.ts'
import { HEADER } from '../../../log/names.ts'
import { numbered, randomBytes, texts, writerTo } from './simulation.ts'

const size = fc.oneof(
  fc.nat({ max: 300 }),
  fc.nat({ max: 60_000 }),
  fc.integer({ min: 900_000, max: 1_200_000 }),
  fc.integer({ min: 2_000_000, max: 6_000_000 }),
)
const record = fc.record({
  size,
  isRandom: fc.boolean(),
  ifTooLarge: fc.constantFrom('cut' as const, 'refuse' as const),
})
const contentOf = ({ size, isRandom }: { size: number; isRandom: boolean }) =>
  isRandom ? randomBytes(size) : Buffer.alloc(size, 'é€')

test('whatever they are and whatever Kafka takes and says, each record is stored whole, cut or refused', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { minLength: 1, maxLength: 8 }),
      fc.constantFrom(2_000, 100_000, 1_048_588),
      fc.constantFrom('limit' as const, 'more' as const, 'unknown' as const),
      async (plans, limit, says) => {
        const told = { limit, more: limit * 3, unknown: undefined }[says]
        const { writer, read } = writerTo({ topics: { t: 1 }, limit, told })
        const records = plans.map((plan, index) => ({
          ...{ topic: 't', key: String(index), value: contentOf(plan), ifTooLarge: plan.ifTooLarge },
        }))
        const { refused } = await writer.write(records)
        const found = new Map((await read('t', 0)).map((each) => [String(each.key), each]))
        expect(found.size + refused.length).toBe(records.length)
        for (const { key, value, ifTooLarge } of records) {
          const each = found.get(key)
          if (each === undefined) {
            expect(ifTooLarge).toBe('refuse')
            continue
          }
          const from = headerText(each, HEADER.cut)
          const kept = each.value ?? Buffer.alloc(0)
          if (from === undefined) expect(kept.equals(value)).toBe(true)
          else {
            expect([ifTooLarge, from]).toEqual(['cut', String(value.length)])
            expect(value.subarray(0, kept.length).equals(kept)).toBe(true)
          }
        }
      },
    ),
    { numRuns: 25 },
  )
}, 60_000)

test('4.8 MB that do not compress are cut to almost all that the topic takes; that compress they stay whole', async () => {
  const { writer, read } = writerTo({ topics: { t: 1 } })
  const ifTooLarge = 'cut'
  await writer.write([
    { topic: 't', value: randomBytes(4_800_000), ifTooLarge },
    { topic: 't', value: Buffer.alloc(4_800_000, 'abc'), ifTooLarge },
  ])
  const [cut, whole] = await read('t', 0)
  expect(headerText(cut as DecodedRecord, HEADER.cut)).toBe('4800000')
  expect(cut?.value?.length).toBeGreaterThan(1_048_000)
  expect([headerText(whole as DecodedRecord, HEADER.cut), whole?.value?.length]).toEqual([
    undefined,
    4_800_000,
  ])
})

test('a topic that takes little and whose records compress well needs few batches', async () => {
  const { writer, requests } = writerTo({ topics: { t: 1 }, limit: 20_000 })
  const records = Array.from({ length: 4_000 }, (_, index) => ({
    ...{ topic: 't', value: `{"source":"job-1","description":"${'same '.repeat(40)}${index}"}` },
  }))
  await writer.write(records)
  // A million bytes: without looking at how they compress it would be more than fifty.
  expect(requests.length).toBeLessThan(15)
})

test('a refused record says how large it was and what the topic takes, and the others are stored', async () => {
  const { writer, read } = writerTo({ topics: { t: 1 }, limit: 50_000 })
  const large = { topic: 't', value: randomBytes(60_000) }
  const { refused, stored } = await writer.write([...numbered(2), large, ...numbered(2)])
  expect(refused).toEqual([{ record: large, sizeBytes: expect.any(Number), maxBytes: 50_000 }])
  expect(refused[0]?.record).toBe(large)
  expect(stored.reduce((total, { count }) => total + count, 0)).toBe(4)
  expect(texts(await read('t', 0))).toEqual(['0', '1', '0', '1'])
})
