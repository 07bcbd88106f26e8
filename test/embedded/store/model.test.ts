import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { openStore } from '../../../embedded/store/open.ts'
import { type NewStream, type Store } from '../../../embedded/store/store.ts'
import { entry, stream } from './entries.ts'
import { asKilledNow, contents, sealed, temporaryFolder } from './harness.ts'

const NOW = 1_795_082_500_000_000_000n
const YEAR = 365n * 86_400_000_000_000n

const time = fc.oneof(
  fc.bigInt({ min: NOW, max: NOW + 5n }),
  fc.bigInt({ min: NOW, max: NOW + 1_000_000_000_000n }),
  fc.bigInt({ min: NOW - 3n * YEAR, max: NOW + 3n * YEAR }),
)
const line = fc.oneof(
  fc.constant(Buffer.alloc(0)),
  fc.string({ unit: fc.constantFrom('a', 'b', '\n') }).map(Buffer.from),
  fc.string({ unit: 'grapheme', maxLength: 40 }).map(Buffer.from),
  fc.uint8Array({ maxLength: 40 }).map(Buffer.from),
  fc.integer({ min: 1000, max: 90_000 }).map((length) => Buffer.alloc(length, 'long ')),
)
const metadata = fc.option(
  fc.dictionary(fc.string({ minLength: 1, maxLength: 3 }), fc.string({ minLength: 1, maxLength: 3 }), {
    maxKeys: 2,
    noNullPrototype: true,
  }),
  { nil: undefined, freq: 4 },
)
const newEntry = fc
  .tuple(time, line, metadata)
  .map(([timeNs, bytes, labels]) => entry(timeNs, bytes, labels && new Map(Object.entries(labels))))
const push = fc
  .array(fc.tuple(fc.constantFrom('j', 'k', 'l'), fc.array(newEntry, { maxLength: 8 })), { maxLength: 3 })
  .map((streams) => streams.map(([job, entries]) => stream(job, entries)))
const command = fc.oneof(
  { weight: 6, arbitrary: push },
  { weight: 1, arbitrary: fc.constantFrom('close', 'kill', 'wait') },
)

test('a store has what a plain list has, whatever is done to it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(command, { maxLength: 25 }),
      fc.constantFrom(1, 500, 20_000, 1_000_000),
      async (commands, logBytes) => {
        const open = (folder: string) => openStore(folder, { logBytes, syncSeconds: 0 })
        const pushed: NewStream[] = []
        let folder = temporaryFolder()
        let store = open(folder)
        for (const each of commands) {
          const before = contents(store)
          if (typeof each !== 'string') {
            store.append('a', each)
            pushed.push(...each)
          } else if (each === 'wait') await sealed(folder)
          else {
            const copy = each === 'kill' ? asKilledNow(folder) : folder
            store.close()
            folder = copy
            store = open(folder)
          }
          if (typeof each === 'string') expect(sorted(contents(store))).toEqual(sorted(before))
        }
        checkAgainst(pushed, store)
        store.close()
      },
    ),
    { numRuns: 60 },
  )
}, 60_000)

const sorted = (streams: ReturnType<typeof contents>): Record<string, string[]> =>
  Object.fromEntries(Object.entries(streams).map(([job, entries]) => [job, entries.map(asText).sort()]))

const asText = (read: {
  timeNs: bigint
  line: string
  metadata: Record<string, string> | undefined
}): string => JSON.stringify([String(read.timeNs), read.line, Object.entries(read.metadata ?? {}).sort()])

/** Each entry is there as often as it was pushed; those pushed several times at least once. */
function checkAgainst(pushed: readonly NewStream[], store: Store): void {
  const expected = new Map<string, number>()
  const broken = new Set<string>()
  for (const { labels, entries } of pushed)
    for (const { seconds, nanos, line, metadata } of entries) {
      const timeNs = BigInt(seconds) * 1_000_000_000n + BigInt(nanos)
      const labelsOf = metadata && Object.fromEntries(metadata)
      const text = `${labels.get('job')} ${asText({ timeNs, line: line.toString(), metadata: labelsOf })}`
      expected.set(text, 1 + (expected.get(text) ?? 0))
      // Lines of different bytes may read the same when they are no UTF-8.
      if (!Buffer.from(line.toString()).equals(line)) broken.add(text)
    }
  const found = new Map<string, number>()
  for (const [job, entries] of Object.entries(contents(store)))
    for (const each of entries.map((read) => `${job} ${asText(read)}`))
      found.set(each, 1 + (found.get(each) ?? 0))
  expect([...found.keys()].sort()).toEqual([...expected.keys()].sort())
  for (const [text, count] of expected) {
    expect(found.get(text)).toBeLessThanOrEqual(count)
    if (count === 1 || broken.has(text)) expect(found.get(text)).toBeGreaterThanOrEqual(1)
  }
}
