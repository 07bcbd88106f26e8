import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Entry, type Stream } from '../../loki/encode.ts'
import { without } from '../../loki/missing.ts'
import { OUTCOMES, type OutcomeName } from '../../loki/outcome.ts'
import { halvesOf, STILL_ARRIVING_MS, settle, type World } from '../../shipper/settle.ts'

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
  const aside: Entry[] = []
  const arriving: { atMs: number; entry: Entry }[] = []
  const retries: number[] = []
  let nowMs = 0
  let pushes = 0
  const arrive = () => {
    for (const { entry } of arriving.filter(({ atMs }) => atMs <= nowMs)) stored.push(entry)
    arriving.splice(0, arriving.length, ...arriving.filter(({ atMs }) => atMs > nowMs))
  }
  const world: World = {
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
    setAside: async (entries) => {
      aside.push(...entries)
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
  return { world, stored, aside, retries, pushes: () => pushes }
}

const flags = fc.array(fc.boolean(), { minLength: 4, maxLength: 4 })
const answer = fc.record({
  name: fc.constantFrom(...(Object.keys(OUTCOMES) as OutcomeName[])),
  stores: flags,
  late: flags,
})
const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 })

describe('settling', () => {
  test('whatever Loki answers, each entry is stored once, or set aside once', async () => {
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.array(answer, { maxLength: 12 }),
        fc.nat(30),
        async (counts, script, which) => {
          const streams = streamsOf(counts)
          const all = entriesOf(streams)
          const bad = new Set(which < all.length ? [all[which] as Entry] : [])
          const { world, stored, aside } = model(script, bad)
          expect(await settle(streams, world)).toBe(true)
          expect(new Set(stored).size).toBe(stored.length)
          expect(new Set(aside).size).toBe(aside.length)
          expect(stored.filter((entry) => aside.includes(entry))).toEqual([])
          expect(stored.length + aside.length).toBe(all.length)
          const wasTooLarge = script.some(({ name }) => name === 'too_large')
          if (!wasTooLarge) expect(new Set(aside)).toEqual(bad)
        },
      ),
    )
  })

  test.each(Object.entries(OUTCOMES))('after `%s` it does as the table says', async (name, { resend }) => {
    const nothing = [false, false, false, false]
    const answers = [{ name: name as OutcomeName, stores: [true, false, true, true], late: nothing }]
    const { world, stored, aside, pushes } = model(answers)
    expect(await settle(streamsOf([4]), world)).toBe(true)
    expect(stored).toHaveLength(4)
    expect(aside).toEqual([])
    const expected = { nothing: 1, all: 2, missing: 2, apart: 1, halves: 3 }
    expect(pushes()).toBe(expected[resend])
  })

  test('an entry that is too large alone is set aside', async () => {
    const tooLarge = { name: 'too_large', stores: [], late: [] } as const
    const { world, stored, aside } = model([tooLarge, tooLarge])
    await settle(streamsOf([2]), world)
    expect([aside.length, stored.length]).toEqual([1, 1])
  })

  test('a push that stays over the tenant’s rate is halved', async () => {
    const over = { name: 'rate_limited', stores: [], late: [] } as const
    const { world, stored, pushes } = model([over, over, over, over])
    expect(await settle(streamsOf([3]), world)).toBe(true)
    expect([stored.length, pushes()]).toEqual([3, 6])
  })

  test('is given up when it may not go on: before a push, during a question, or with a refusal in hand', async () => {
    const unknown = { name: 'unknown', stores: [], late: [] } as const
    const bad = { name: 'bad_request', stores: [], late: [] } as const
    const streams = streamsOf([1])
    const refused = new Set(entriesOf(streams))
    const never = { ...model([]).world, mayGoOn: async () => false }
    expect(await settle(streams, never)).toBe(false)
    expect(await settle(streams, { ...model([unknown]).world, missing: async () => undefined })).toBe(false)
    expect(await settle(streams, { ...model([bad], refused).world, setAside: async () => false })).toBe(false)
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
