import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Entry, type Stream } from '../../../loki/encode.ts'
import { without } from '../../../loki/missing.ts'
import { OUTCOMES, type OutcomeName } from '../../../loki/outcome.ts'
import {
  halvesOf,
  type Pushing,
  pushUntilAcknowledged,
  STILL_ARRIVING_MS,
} from '../../../shipper/push/acknowledge.ts'

const streamsOf = (sizes: readonly number[]): Stream[] =>
  sizes.map((size, stream) => ({
    labels: `{stream="${stream}"}`,
    entries: Array.from({ length: size }, (_, index) => ({
      seconds: stream,
      nanos: index,
      line: Buffer.from('x'),
    })),
  }))
const entriesOf = (streams: readonly Stream[]): Entry[] => streams.flatMap(({ entries }) => entries)

/** One answer of the model: what it is called, and which of the entries it stores at once or late, by turns. */
type Answer = { name: OutcomeName; stores: readonly boolean[]; late: readonly boolean[] }

/**
 * A Loki that answers pushes by a script, then takes everything. It keeps to the table: what is called
 * `stored` is stored, what is to be sent again whole is not, of the rest some is and some is not, and some
 * of that arrives only after the answer. Entries in `bad` are refused for good.
 */
function model(script: readonly Answer[], bad: ReadonlySet<Entry> = new Set()) {
  const stored: Entry[] = []
  const refused: Entry[] = []
  const arriving: { atMs: number; entry: Entry }[] = []
  const retries: number[] = []
  let nowMs = 0
  let pushes = 0
  const arrive = () => {
    for (const { entry } of arriving.filter(({ atMs }) => atMs <= nowMs)) stored.push(entry)
    arriving.splice(0, arriving.length, ...arriving.filter(({ atMs }) => atMs > nowMs))
  }
  const pushing: Pushing = {
    push: async (streams) => {
      const answer = script[pushes++]
      const entries = entriesOf(streams)
      const good = entries.filter((entry) => !bad.has(entry))
      const asked = answer?.name ?? 'stored'
      const { resend, mayStillArrive } = OUTCOMES[asked]
      if (asked === 'stored' || resend === 'apart') {
        // A stream's refusal is only told when it is alone, or the last one.
        const hidden = resend === 'apart' && streams.length > 1
        stored.push(...good.filter((_, index) => !hidden || answer?.stores[index % 4] !== false))
        const isAllRight = good.length === entries.length && !hidden
        return { name: isAllRight ? 'stored' : 'bad_request', detail: '' }
      }
      if (resend === 'missing') {
        stored.push(...good.filter((_, index) => answer?.stores[index % 4]))
        const rest = good.filter((_, index) => !answer?.stores[index % 4])
        const late = mayStillArrive ? rest.filter((_, index) => answer?.late[index % 4]) : []
        arriving.push(...late.map((entry) => ({ atMs: nowMs + STILL_ARRIVING_MS, entry })))
      }
      return { name: asked, detail: '' }
    },
    missing: async (streams) => without(streams, new Set(stored)),
    mayAsk: () => true,
    deadLetter: async (entries) => {
      refused.push(...entries)
      return true
    },
    onRetry: (_outcome, attempt) => void retries.push(attempt),
    pause: async (ms) => {
      nowMs += ms
      arrive()
    },
    mayGoOn: async () => true,
    now: () => nowMs,
    random: () => 0.5,
  }
  return { pushing, stored, refused, retries, pushes: () => pushes }
}

const flags = fc.array(fc.boolean(), { minLength: 4, maxLength: 4 })
const answer = fc.record({
  name: fc.constantFrom(...(Object.keys(OUTCOMES) as OutcomeName[])),
  stores: flags,
  late: flags,
})
const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 })

describe('settling', () => {
  test('whatever Loki answers, each entry is stored once, or set refused once', async () => {
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.array(answer, { maxLength: 12 }),
        fc.nat(30),
        async (counts, script, which) => {
          const streams = streamsOf(counts)
          const all = entriesOf(streams)
          const bad = new Set(which < all.length ? [all[which] as Entry] : [])
          const { pushing, stored, refused } = model(script, bad)
          expect(await pushUntilAcknowledged(streams, pushing)).toBe(true)
          expect(new Set(stored).size).toBe(stored.length)
          expect(new Set(refused).size).toBe(refused.length)
          expect(stored.filter((entry) => refused.includes(entry))).toEqual([])
          expect(stored.length + refused.length).toBe(all.length)
          const wasTooLarge = script.some(({ name }) => name === 'too_large')
          if (!wasTooLarge) expect(new Set(refused)).toEqual(bad)
        },
      ),
    )
  })

  test.each(Object.entries(OUTCOMES))('after `%s` it does as the table says', async (name, { resend }) => {
    const nothing = [false, false, false, false]
    const answers = [{ name: name as OutcomeName, stores: [true, false, true, true], late: nothing }]
    const { pushing, stored, refused, pushes } = model(answers)
    expect(await pushUntilAcknowledged(streamsOf([4]), pushing)).toBe(true)
    expect(stored).toHaveLength(4)
    expect(refused).toEqual([])
    const expected = { nothing: 1, all: 2, missing: 2, apart: 1, halves: 3 }
    expect(pushes()).toBe(expected[resend])
  })

  test('an entry that is too large alone is set refused', async () => {
    const tooLarge = { name: 'too_large', stores: [], late: [] } as const
    const { pushing, stored, refused } = model([tooLarge, tooLarge])
    await pushUntilAcknowledged(streamsOf([2]), pushing)
    expect([refused.length, stored.length]).toEqual([1, 1])
  })

  test('a push that stays over the tenant’s rate is halved', async () => {
    const over = { name: 'rate_limited', stores: [], late: [] } as const
    const { pushing, stored, pushes } = model([over, over, over, over])
    expect(await pushUntilAcknowledged(streamsOf([3]), pushing)).toBe(true)
    expect([stored.length, pushes()]).toEqual([3, 6])
  })

  test('is given up when it may not go on: before a push, during a question, or with a refusal in hand', async () => {
    const unknown = { name: 'unknown', stores: [], late: [] } as const
    const bad = { name: 'bad_request', stores: [], late: [] } as const
    const streams = streamsOf([1])
    const refused = new Set(entriesOf(streams))
    const never = { ...model([]).pushing, mayGoOn: async () => false }
    expect(await pushUntilAcknowledged(streams, never)).toBe(false)
    expect(
      await pushUntilAcknowledged(streams, { ...model([unknown]).pushing, missing: async () => undefined }),
    ).toBe(false)
    expect(
      await pushUntilAcknowledged(streams, {
        ...model([bad], refused).pushing,
        deadLetter: async () => false,
      }),
    ).toBe(false)
  })
})

test('halves hold everything, in order, and differ by one at most', () => {
  fc.assert(
    fc.property(sizes, (counts) => {
      const streams = streamsOf(counts)
      const [first, second] = halvesOf(streams).map(entriesOf) as [Entry[], Entry[]]
      expect([...first, ...second]).toEqual(entriesOf(streams))
      expect([0, 1]).toContain(first.length - second.length)
    }),
  )
})

test('where Loki may not be asked, a refused push is taken apart: only what is refused alone is a dead letter', async () => {
  const streams = streamsOf([4])
  const bad = entriesOf(streams)[2] as Entry
  const { pushing, stored, refused } = model([{ name: 'bad_request', stores: [], late: [] }], new Set([bad]))
  const blind: Pushing = { ...pushing, missing: async (asked) => [...asked], mayAsk: () => false }
  expect(await pushUntilAcknowledged(streams, blind)).toBe(true)
  expect(refused).toEqual([bad])
  expect(new Set(stored)).toEqual(new Set(entriesOf(streams).filter((entry) => entry !== bad)))
})
