import { describe, expect, test } from '@jest/globals'
import { openStore } from '../../../embedded/store/open.ts'
import { type NewEntry } from '../../../embedded/store/store.ts'
import { type Matcher } from '../../../logql/ast.ts'
import { entry, stream } from './entries.ts'
import {
  allOf,
  contents,
  entriesIn,
  FIRST_NS,
  filesIn,
  LAST_NS,
  linesOf,
  sealed,
  temporaryFolder,
} from './harness.ts'

const SECOND = 1_000_000_000n
const NOW = 1_795_082_500n * SECOND

const opened = (options: Parameters<typeof openStore>[1] = {}) => {
  const folder = temporaryFolder()
  return { folder, store: openStore(folder, { syncSeconds: 0, ...options }) }
}

describe('append and select', () => {
  test('an entry is read as it was written, before and after it was sealed', () => {
    const { folder, store } = opened()
    const metadata = new Map([
      ['__proto__', 'x'],
      ['trace', '1"\n'],
    ])
    store.append('a', [
      stream('j', [entry(NOW, 'eins\nzwei', metadata), entry(NOW + 1n, ''), entry(NOW + 2n, 'é 🙂')]),
    ])
    const expected = {
      j: [
        { timeNs: NOW, line: 'eins\nzwei', metadata: Object.fromEntries(metadata) },
        { timeNs: NOW + 1n, line: '', metadata: undefined },
        { timeNs: NOW + 2n, line: 'é 🙂', metadata: undefined },
      ],
    }
    expect(contents(store)).toEqual(expected)
    store.close()
    expect(filesIn(folder)).toEqual(['segment-00000001'])
    const again = openStore(folder)
    expect(contents(again)).toEqual(expected)
    again.close()
  })

  test('broken UTF-8 stays in its line', () => {
    const { store } = opened()
    const lines = [Buffer.from([0xe2, 0x82]), Buffer.from([0xac, 0x0a, 0xf0, 0x9f]), Buffer.from('é')]
    store.append('a', [
      stream(
        'j',
        lines.map((line, index) => entry(NOW + BigInt(index), line)),
      ),
    ])
    expect(linesOf(store)).toEqual(lines.map((line) => line.toString()))
    const [selected] = allOf(store.tenant('a')?.select([], FIRST_NS, LAST_NS))
    expect(selected?.blocks[0]?.bytes).toBe(8)
    store.close()
  })

  test('entries come in the order of their times, equal times in the order in which they came', () => {
    const { store } = opened()
    store.append('a', [stream('j', [entry(NOW + 5n, 'c'), entry(NOW, 'a1'), entry(NOW + 5n, 'd')])])
    store.append('a', [stream('j', [entry(NOW, 'a2'), entry(NOW + 3n, 'b')])])
    expect(contents(store).j?.map(({ line }) => line)).toEqual(['a1', 'a2', 'b', 'c', 'd'])
    store.close()
  })

  test('a block that was selected does not change when more comes', () => {
    const { store } = opened()
    store.append('a', [stream('j', [entry(NOW + 5n, 'later')])])
    const [before] = allOf(store.tenant('a')?.select([], FIRST_NS, LAST_NS))
    store.append('a', [stream('j', [entry(NOW, 'earlier', new Map([['n', 'v']]))])])
    store.append('a', [stream('j', [entry(NOW + 9n, 'x'.repeat(200_000))])])
    expect(before && entriesIn(before)).toEqual([{ timeNs: NOW + 5n, line: 'later', metadata: undefined }])
    store.close()
  })

  test('times that are more than 104 days apart are in different blocks', () => {
    const { store } = opened()
    const year = 365n * 86_400n * SECOND
    const times = [NOW, NOW - 10n * year, NOW + year, NOW - 10n * year + 1n, FIRST_NS + 2n * SECOND, 0n, -1n]
    for (const time of times) store.append('a', [stream('j', [entry(time, String(time))])])
    const read = contents(store).j ?? []
    expect(read.map(({ timeNs }) => timeNs)).toEqual(times.toSorted((a, b) => (a < b ? -1 : 1)))
    expect(read.every(({ timeNs, line }) => line === String(timeNs))).toBe(true)
    store.close()
  })

  test('refuses a time that 64 bits of nanoseconds cannot hold, and nothing of that push stays', () => {
    const { store } = opened()
    const wrong: NewEntry[] = [
      { ...entry(NOW, 'x'), seconds: 1e11 },
      { ...entry(NOW, 'x'), seconds: 1.5 },
      { ...entry(NOW, 'x'), nanos: 1e9 },
      { ...entry(NOW, 'x'), nanos: -1 },
    ]
    for (const each of wrong)
      expect(() => store.append('a', [stream('j', [entry(NOW, 'good'), each])])).toThrow(RangeError)
    expect(store.tenants()).toEqual([])
    expect(store.tenant('a')).toBeUndefined()
    store.close()
  })

  test('a push larger than a block becomes several blocks, in order', () => {
    const { store } = opened()
    const lines = Array.from({ length: 5000 }, (_, index) => `${index} ${'x'.repeat(100)}`)
    store.append('a', [
      stream(
        'j',
        lines.map((line, index) => entry(NOW + BigInt(index), line)),
      ),
    ])
    const [selected] = allOf(store.tenant('a')?.select([], FIRST_NS, LAST_NS))
    expect(selected?.blocks.length).toBe(5)
    expect(linesOf(store)).toEqual(lines)
    store.close()
  })
})

describe('doubles', () => {
  const same = (count: number, line: string, metadata?: ReadonlyMap<string, string>) =>
    Array.from({ length: count }, () => entry(NOW, line, metadata))

  test('are dropped when time, line and metadata are those of an entry of the block', () => {
    const { store } = opened()
    store.append('a', [stream('j', [...same(4, 'same'), entry(NOW + 1n, 'same')])])
    store.append('a', [stream('j', [...same(2, 'same'), ...same(1, 'other'), ...same(1, 'other')])])
    store.append('a', [
      stream(
        'j',
        same(
          2,
          'same',
          new Map([
            ['b', '2'],
            ['a', '1'],
          ]),
        ),
      ),
    ])
    store.append('a', [
      stream(
        'j',
        same(
          1,
          'same',
          new Map([
            ['a', '1'],
            ['b', '2'],
          ]),
        ),
      ),
    ])
    expect(contents(store).j?.map(({ timeNs, line, metadata }) => [timeNs - NOW, line, metadata])).toEqual([
      [0n, 'same', undefined],
      [0n, 'other', undefined],
      [0n, 'same', { a: '1', b: '2' }],
      [1n, 'same', undefined],
    ])
    store.close()
  })

  test('are kept when the first is sealed already', () => {
    const { folder, store } = opened()
    store.append('a', [stream('j', same(2, 'same'))])
    store.close()
    const again = openStore(folder)
    again.append('a', [stream('j', same(2, 'same'))])
    expect(linesOf(again)).toEqual(['same', 'same'])
    again.close()
  })

  test('do not take longer the more entries have the same time', () => {
    const { store } = opened()
    const many = Array.from({ length: 20_000 }, (_, index) => entry(NOW, String(index)))
    const before = performance.now()
    store.append('a', [stream('j', [...many, ...many])])
    expect(performance.now() - before).toBeLessThan(2000)
    expect(linesOf(store)).toHaveLength(20_000)
    store.close()
  })
})

describe('selecting', () => {
  const matcher = (name: string, operator: Matcher['operator'], value: string): Matcher => ({
    name,
    operator,
    value,
  })
  const labelled = (labels: Record<string, string>, timeNs = NOW) => ({
    key: JSON.stringify(labels),
    labels: new Map(Object.entries(labels)),
    entries: [entry(timeNs, 'x')],
  })

  test.each([
    ['equality', [matcher('app', '=', 'web')], ['web-1', 'web-2']],
    ['two matchers', [matcher('app', '=', 'web'), matcher('pod', '!=', '1')], ['web-2']],
    ['a whole match', [matcher('app', '=~', 'we')], []],
    ['a regular expression', [matcher('app', '=~', 'w.b|d.*')], ['web-1', 'web-2', 'db-']],
    ['its negation', [matcher('app', '!~', 'w.*')], ['db-']],
    ['a label that is missing', [matcher('pod', '=', '')], ['db-']],
    ['a label that is there', [matcher('pod', '!=', '')], ['web-1', 'web-2']],
    ['a name that nobody has', [matcher('nope', '=', 'x')], []],
  ])('%s', (_, matchers, expected) => {
    const { store } = opened()
    store.append('a', [labelled({ app: 'web', pod: '1' }), labelled({ app: 'web', pod: '2' })])
    store.append('a', [labelled({ app: 'db' })])
    store.append('b', [labelled({ app: 'web', pod: '1' })])
    const found = allOf(store.tenant('a')?.select(matchers, FIRST_NS, LAST_NS))
    expect(found.map(({ labels }) => `${labels.get('app')}-${labels.get('pod') ?? ''}`)).toEqual(expected)
    store.close()
  })

  test('leaves out streams and blocks outside the time, whose ends are included', () => {
    const { folder, store: first } = opened()
    first.append('a', [labelled({ app: 'old' }, NOW), labelled({ app: 'new' }, NOW + 10n)])
    first.close()
    const store = openStore(folder)
    store.append('a', [labelled({ app: 'new' }, NOW + 20n)])
    const found = (fromNs: bigint, toNs: bigint) =>
      allOf(store.tenant('a')?.select([], fromNs, toNs)).map(({ labels, blocks }) => [
        labels.get('app'),
        blocks.length,
      ])
    expect(found(NOW, NOW)).toEqual([['old', 1]])
    expect(found(NOW + 10n, NOW + 20n)).toEqual([['new', 2]])
    expect(found(NOW + 11n, NOW + 19n)).toEqual([])
    store.close()
  })

  test('looking through many streams is done in pieces, and each is whole though others are pushed to', () => {
    const { store } = opened()
    store.append(
      'a',
      Array.from({ length: 2_000 }, (_, index) => stream(`j${index}`, [entry(NOW, 'x')])),
    )
    const looking = store.tenant('a')?.streams([], FIRST_NS, LAST_NS)
    let pieces = 0
    let step = looking?.next()
    for (; step?.done === false; step = looking?.next())
      store.append('a', [stream(`new${pieces++}`, [entry(NOW, 'x'), entry(NOW + 1n, 'y')])])
    expect(pieces).toBeGreaterThan(10)
    const facts = step?.value ?? []
    expect(facts.length).toBeGreaterThanOrEqual(2_000)
    expect(facts.every(({ key, entries }) => entries === (key.includes('new') ? 2 : 1))).toBe(true)
    store.close()
  })

  test('facts of streams need no reading, and the newest entry of a stream is known', () => {
    const { folder, store: first } = opened()
    first.append('a', [stream('j', [entry(NOW + 7n, 'abc'), entry(NOW, 'dé')])])
    first.close()
    const store = openStore(folder)
    expect(store.tenant('a')?.newestNs('{job="j"}')).toBe(NOW + 7n)
    store.append('a', [stream('j', [entry(NOW + 3n, '1')])])
    expect(store.tenant('a')?.newestNs('{job="j"}')).toBe(NOW + 7n)
    store.append('a', [stream('j', [entry(NOW + 9n, '1')])])
    expect(store.tenant('a')?.newestNs('{job="j"}')).toBe(NOW + 9n)
    expect(store.tenant('a')?.newestNs('{job="k"}')).toBeUndefined()
    expect(allOf(store.tenant('a')?.streams([], FIRST_NS, LAST_NS))).toEqual([
      {
        key: '{job="j"}',
        labels: new Map([['job', 'j']]),
        entries: 4,
        bytes: 8,
        firstNs: NOW,
        lastNs: NOW + 9n,
        sealed: { blocks: 1, entries: 2, bytes: 6 },
      },
    ])
    store.close()
  })

  test('streams are active for half an hour after their last entry', () => {
    const clock = { ms: 1e12 }
    const { store } = opened({ nowMs: () => clock.ms })
    store.append('a', [stream('j', [entry(NOW, 'x')]), stream('k', [entry(NOW, 'x')])])
    clock.ms += 29 * 60_000
    store.append('a', [stream('k', [entry(NOW + 1n, 'x')])])
    expect(store.tenant('a')?.activeStreams()).toBe(2)
    clock.ms += 2 * 60_000
    expect(store.tenant('a')?.activeStreams()).toBe(1)
    store.close()
  })

  test('tenants do not see each other', () => {
    const { store } = opened()
    store.append('a', [stream('j', [entry(NOW, 'of a')])])
    store.append('b', [stream('j', [entry(NOW, 'of b')])])
    expect(store.tenants()).toEqual(['a', 'b'])
    expect(contents(store, 'b').j?.map(({ line }) => line)).toEqual(['of b'])
    store.close()
  })
})

describe('listeners', () => {
  test('are told what was stored, without doubles, until they leave', () => {
    const { store } = opened()
    const heard: string[] = []
    const leave = store.listen((tenant, streams) => {
      for (const { key, entries } of streams)
        heard.push(`${tenant} ${key} ${entries.map(({ line }) => line)}`)
    })
    store.append('a', [stream('j', [entry(NOW, 'x'), entry(NOW, 'x'), entry(NOW, 'y')])])
    store.append('a', [stream('j', [entry(NOW, 'x')]), stream('k', [entry(NOW, 'x')])])
    leave()
    store.append('a', [stream('j', [entry(NOW, 'z')])])
    expect(heard).toEqual(['a {job="j"} x,y', 'a {job="k"} x'])
    store.close()
  })

  test('that fail do not make a push fail', () => {
    const notices: string[] = []
    const { store } = opened({ onNotice: (message) => notices.push(message) })
    store.listen(() => {
      throw new Error('no ears')
    })
    store.append('a', [stream('j', [entry(NOW, 'x')])])
    expect(linesOf(store)).toEqual(['x'])
    expect(notices).toEqual(['Somebody who follows the logs failed: no ears'])
    store.close()
  })
})

describe('sealing', () => {
  const LINE = 'x'.repeat(1000)

  test('goes on between pushes; what is sealed is read at every moment', async () => {
    const { folder, store } = opened({ logBytes: 20_000 })
    const expected: string[] = []
    for (let index = 0; index < 100; index++) {
      expected.push(`${index} ${LINE}`)
      store.append('a', [stream(`j`, [entry(NOW + BigInt(index), `${index} ${LINE}`)])])
      expect(linesOf(store)).toEqual(expected)
      await new Promise(setImmediate)
    }
    await sealed(folder)
    expect(linesOf(store)).toEqual(expected)
    expect(filesIn(folder).length).toBeGreaterThan(4)
    store.close()
  })

  test('happens within a push when many logs wait, so that memory stays bounded', () => {
    const { folder, store } = opened({ logBytes: 2000 })
    for (let index = 0; index < 50; index++) {
      store.append('a', [stream('j', [entry(NOW + BigInt(index), `${index} ${LINE}`)])])
      expect(filesIn(folder).filter((name) => name.startsWith('log')).length).toBeLessThanOrEqual(4)
    }
    expect(linesOf(store)).toHaveLength(50)
    store.close()
    expect(filesIn(folder).every((name) => /^segment-\d+$/.test(name))).toBe(true)
  })
})

describe('retention', () => {
  test('whole segments leave the disk, single entries the answers', () => {
    const folder = temporaryFolder()
    for (const start of [NOW, NOW + 100n, NOW + 200n]) {
      const store = openStore(folder)
      const lines = [0n, 1n, 2n].map((index) => entry(start + index, `line ${start + index - NOW}`))
      store.append('a', [stream('j', lines)])
      if (start === NOW) store.append('a', [stream('gone', lines)])
      store.close()
    }
    const store = openStore(folder)
    store.append('a', [stream('j', [entry(NOW + 300n, 'line 300'), entry(NOW + 50n, 'line 50')])])
    store.retain(NOW + 102n)
    expect(filesIn(folder)).toEqual(['log-00000004', 'segment-00000002', 'segment-00000003'])
    expect(linesOf(store)).toEqual(['line 102', 'line 200', 'line 201', 'line 202', 'line 300'])
    expect(Object.keys(contents(store))).toEqual(['j'])
    expect(allOf(store.tenant('a')?.streams([], FIRST_NS, LAST_NS))).toMatchObject([
      { entries: 5, firstNs: NOW + 102n, lastNs: NOW + 300n, bytes: 40 },
    ])
    store.close()
  })

  test('what was selected before can still be read', () => {
    const folder = temporaryFolder()
    const first = openStore(folder)
    first.append('a', [stream('j', [entry(NOW, 'old')])])
    first.close()
    const store = openStore(folder)
    const [selected] = allOf(store.tenant('a')?.select([], FIRST_NS, LAST_NS))
    store.retain(NOW + 1n)
    expect(store.tenants()).toEqual([])
    expect(selected && entriesIn(selected)).toMatchObject([{ line: 'old' }])
    store.close()
  })

  test('a log that is too old as a whole leaves the disk, too', async () => {
    const { folder, store } = opened()
    store.append('a', [stream('j', [entry(NOW, 'old')])])
    store.retain(NOW + 1n)
    await sealed(folder)
    store.retain(NOW + 1n)
    expect(filesIn(folder)).toEqual(['log-00000002'])
    expect(store.tenants()).toEqual([])
    store.close()
  })
})
