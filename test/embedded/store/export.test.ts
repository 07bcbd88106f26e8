import { describe, expect, test } from '@jest/globals'
import { entriesOf, exportedLine } from '../../../embedded/store/export.ts'
import { openStore } from '../../../embedded/store/open.ts'
import { entry, stream } from './entries.ts'
import { temporaryFolder } from './harness.ts'

const NOW = 1_795_082_500_000_000_000n

describe('an export', () => {
  test('has every entry of every tenant, each stream in the order of time over all its blocks', () => {
    const folder = temporaryFolder()
    const pushes = [
      [0, 10, 20],
      [5, 15, 25, 26],
      [1, 2, 3, 30],
      [10, 11],
    ]
    for (const times of pushes) {
      const store = openStore(folder)
      for (const tenant of ['a', 'b'])
        store.append(tenant, [
          stream(
            'j',
            times.map((time) => entry(NOW + BigInt(time), `${tenant}${time}`)),
          ),
        ])
      store.close()
    }
    const store = openStore(folder)
    const expected = pushes.flat().sort((a, b) => a - b)
    for (const tenant of ['a', 'b'])
      expect([...entriesOf(store)].filter((each) => each.tenant === tenant).map(({ line }) => line)).toEqual(
        expected.map((time) => `${tenant}${time}`),
      )
    store.close()
  })

  test('writes an entry as a line of JSON', () => {
    const store = openStore(temporaryFolder())
    store.append('a', [
      stream('j', [entry(NOW, 'say "é"\n', new Map([['__proto__', 'x']])), entry(NOW + 1n, '')]),
    ])
    expect([...entriesOf(store)].map(exportedLine)).toEqual([
      '{"tenant":"a","stream":{"job":"j"},"time":"1795082500000000000","line":"say \\"é\\"\\n","metadata":{"__proto__":"x"}}',
      '{"tenant":"a","stream":{"job":"j"},"time":"1795082500000000001","line":""}',
    ])
    store.close()
  })
})
