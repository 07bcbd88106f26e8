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
        fc.array(answer, { maxLength: 12, size: 'max' }),
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

  test('one entry over the tenant’s rate is sent again until the rate allows it, and is no dead letter', async () => {
    const over = { name: 'rate_limited', stores: [], late: [] } as const
    const { pushing, stored, refused, pushes } = model(Array.from({ length: 9 }, () => over))
    expect(await pushUntilAcknowledged(streamsOf([1]), pushing)).toBe(true)
    expect([stored.length, refused.length, pushes()]).toEqual([1, 0, 10])
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

describe('a push that is taken apart, or halved', () => {
  const answer = (name: OutcomeName): Answer => ({ name, stores: [], late: [] })
  /** A Loki that may be pushed to so often. */
  const upTo = (pushes: number, from: ReturnType<typeof model>, more: Partial<Pushing> = {}): Pushing => {
    let left = pushes
    return { ...from.pushing, mayGoOn: async () => left-- > 0, ...more }
  }
  const blind = { missing: async (asked: readonly Stream[]) => [...asked], mayAsk: () => false }

  test('is given up when it may not go on between its parts', async () => {
    const streams = streamsOf([2, 2])
    const [one] = streams as [Stream, Stream]
    const bad = new Set(entriesOf(streams))
    expect(await pushUntilAcknowledged(streams, upTo(2, model([answer('too_large')])))).toBe(false)
    // The second part does not follow a first one that was given up.
    const halved = model([answer('too_large'), answer('stored'), answer('stored')])
    expect(await pushUntilAcknowledged([one], upTo(2, halved))).toBe(false)
    expect(halved.stored).toHaveLength(1)
    const apart = model([answer('bad_request'), answer('bad_request')], bad)
    expect(await pushUntilAcknowledged(streams, upTo(2, apart))).toBe(false)
    expect(apart.refused).toHaveLength(2)
    const singly = model(
      Array.from({ length: 3 }, () => answer('bad_request')),
      bad,
    )
    expect(await pushUntilAcknowledged([one], upTo(2, singly, blind))).toBe(false)
    expect(singly.refused).toHaveLength(1)
  })

  test('is given up when Loki does not say what it has', async () => {
    const streams = streamsOf([2])
    const from = model([answer('bad_request')], new Set(entriesOf(streams)))
    expect(await pushUntilAcknowledged(streams, upTo(9, from, { missing: async () => undefined }))).toBe(
      false,
    )
    expect(from.refused).toEqual([])
  })

  test('but of which Loki has everything makes no dead letter', async () => {
    const streams = streamsOf([2])
    const from = model([answer('bad_request')], new Set(entriesOf(streams)))
    let letters = 0
    const deadLetter = async () => ++letters > 0
    const all = upTo(9, from, { missing: async () => [], deadLetter })
    expect(await pushUntilAcknowledged(streams, all)).toBe(true)
    expect([letters, from.pushes()]).toEqual([0, 1])
  })

  test('is sent again after a pause that grows; Loki is asked only when some of it may be stored', async () => {
    const { pushing } = model([answer('rate_limited'), answer('rate_limited')])
    const pauses: number[] = []
    let questions = 0
    await pushUntilAcknowledged(streamsOf([2]), {
      ...pushing,
      pause: async (ms) => void pauses.push(ms),
      missing: async (streams) => {
        questions++
        return [...streams]
      },
    })
    expect(pauses).toHaveLength(2)
    expect(pauses[0]).toBeGreaterThan(0)
    expect(pauses[1]).toBeGreaterThan(pauses[0] as number)
    expect(questions).toBe(0)
  })

  test('is not waited for when nothing of it is missing', async () => {
    const from = model([{ name: 'unknown', stores: [true, true, true, true], late: [] }])
    let pauses = 0
    const pushing: Pushing = { ...from.pushing, pause: async () => void pauses++ }
    expect(await pushUntilAcknowledged(streamsOf([3]), pushing)).toBe(true)
    expect([pauses, from.pushes()]).toEqual([0, 1])
  })

  test('may still arrive for a time that counts from the lost answer, however long the question took', async () => {
    for (const [tookMs, restMs] of [
      [2_000, STILL_ARRIVING_MS - 2_000],
      [STILL_ARRIVING_MS, undefined],
    ] as const) {
      let nowMs = 0
      const pauses: number[] = []
      const from = model([answer('unknown')])
      await pushUntilAcknowledged(streamsOf([1]), {
        ...from.pushing,
        now: () => nowMs,
        pause: async (ms) => void pauses.push(ms),
        missing: async (streams) => {
          nowMs += tookMs
          return [...streams]
        },
      })
      // The last one is that before it is sent again.
      expect(pauses.slice(0, -1)).toEqual(restMs === undefined ? [] : [restMs])
    }
  })

  test('waits before it asks again only as long as the rest may still arrive', async () => {
    const from = model([{ name: 'unknown', stores: [true, false, true, true], late: [true] }])
    const asked: number[] = []
    const missing: Pushing['missing'] = async (streams) => {
      asked.push(from.pushing.now())
      return from.pushing.missing(streams)
    }
    expect(await pushUntilAcknowledged(streamsOf([4]), { ...from.pushing, missing })).toBe(true)
    expect(asked).toEqual([0, STILL_ARRIVING_MS])
    expect([from.stored.length, from.pushes()]).toEqual([4, 1])
  })
})

test('halves hold everything, in order, and differ by one at most', () => {
  fc.assert(
    fc.property(sizes, (counts) => {
      const streams = streamsOf(counts)
      // Loki need not be told of a stream without entries.
      for (const { entries } of halvesOf(streams).flat()) expect(entries.length).toBeGreaterThan(0)
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
