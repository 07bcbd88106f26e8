import {
  appendFileSync,
  copyFileSync,
  cpSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { openStore } from '../../../embedded/store/open.ts'
import { entry, stream } from './entries.ts'
import { asKilledNow, filesIn, linesOf, sealed, temporaryFolder } from './harness.ts'

const NOW = 1_795_082_500_000_000_000n
const LOG = 'log-00000001'

/** A folder as a killed process leaves it, with a log of pushes of one line each. */
function leftLog(lines: readonly string[]): string {
  const folder = temporaryFolder()
  const store = openStore(folder, { syncSeconds: 0 })
  for (const [index, line] of lines.entries())
    store.append('a', [stream('j', [entry(NOW + BigInt(index), line)])])
  const left = asKilledNow(folder)
  store.close()
  return left
}

function openedIn(folder: string) {
  const notices: string[] = []
  const store = openStore(folder, { onNotice: (message) => notices.push(message), syncSeconds: 0 })
  return { store, notices }
}

describe('the log', () => {
  test('is read again after a kill, and added to', () => {
    const folder = leftLog(['a', 'b'])
    const { store, notices } = openedIn(folder)
    store.append('a', [stream('j', [entry(NOW + 5n, 'c')])])
    expect(linesOf(store)).toEqual(['a', 'b', 'c'])
    expect(notices).toEqual([])
    const again = openedIn(asKilledNow(folder))
    expect(linesOf(again.store)).toEqual(['a', 'b', 'c'])
    again.store.close()
    store.close()
  })

  test('torn at any byte of its last push is cut there, told, and can be added to', () => {
    const folder = leftLog(['first', 'second', 'third'])
    const whole = readFileSync(join(folder, LOG))
    const lastStart = statSync(join(leftLog(['first', 'second']), LOG)).size
    for (let size = lastStart + 1; size < whole.length; size++) {
      const torn = temporaryFolder()
      writeFileSync(join(torn, LOG), whole.subarray(0, size))
      const { store, notices } = openedIn(torn)
      expect(linesOf(store)).toEqual(['first', 'second'])
      expect(notices).toEqual([
        `${join(torn, LOG)} ended in a push that was not finished: its last ${size - lastStart} bytes were cut.`,
      ])
      store.append('a', [stream('j', [entry(NOW + 9n, 'after')])])
      const again = openedIn(asKilledNow(torn))
      expect(linesOf(again.store)).toEqual(['first', 'second', 'after'])
      expect(again.notices).toEqual([])
      again.store.close()
      store.close()
    }
  })

  test.each([
    ['zeros', Buffer.alloc(5000)],
    ['anything', Buffer.from('VgRc'.repeat(1000))],
  ])('with %s after its end is cut', (_, rest) => {
    const folder = leftLog(['a', 'b'])
    appendFileSync(join(folder, LOG), rest)
    const { store, notices } = openedIn(folder)
    expect(linesOf(store)).toEqual(['a', 'b'])
    expect(notices).toHaveLength(1)
    store.close()
  })

  test('whose last push was changed is cut', () => {
    const folder = leftLog(['a', 'b'])
    flip(join(folder, LOG), statSync(join(folder, LOG)).size - 1)
    const { store, notices } = openedIn(folder)
    expect(linesOf(store)).toEqual(['a'])
    expect(notices).toHaveLength(1)
    store.close()
  })

  test('a line that looks like a record is none', () => {
    const record = readFileSync(join(leftLog(['inner']), LOG)).subarray(12)
    const folder = leftLog(['a', record.toString('latin1')])
    truncateSync(join(folder, LOG), statSync(join(folder, LOG)).size - 1)
    const { store } = openedIn(folder)
    expect(linesOf(store)).toEqual(['a'])
    store.close()
  })

  test('damaged in the middle is an error that names file and offset, at every byte', () => {
    const folder = leftLog(['first', 'second'])
    const firstEnd = statSync(join(leftLog(['first']), LOG)).size
    for (let at = 12; at < firstEnd; at++) {
      const damaged = temporaryFolder()
      copyFileSync(join(folder, LOG), join(damaged, LOG))
      flip(join(damaged, LOG), at)
      expect(() => openStore(damaged)).toThrow(
        `The stored logs are damaged: ${join(damaged, LOG)} at byte 12 (a push does not match its checksum).`,
      )
    }
  })

  test('of another format is an error', () => {
    const folder = leftLog(['first'])
    flip(join(folder, LOG), 0)
    expect(() => openStore(folder)).toThrow('at byte 0 (not a log that this version reads)')
  })

  test('that was just created and is still empty is begun again', () => {
    for (const size of [0, 5, 11]) {
      const folder = leftLog(['a'])
      truncateSync(join(folder, LOG), size)
      const { store } = openedIn(folder)
      store.append('a', [stream('j', [entry(NOW, 'b')])])
      const again = openedIn(asKilledNow(folder))
      expect(linesOf(again.store)).toEqual(['b'])
      again.store.close()
      store.close()
    }
  })
})

describe('a kill during sealing', () => {
  const LINES = Array.from({ length: 5 }, (_, index) => `${index} ${'x'.repeat(300)}`)

  /** The folder just before sealing begins (two logs), and when it has ended (a segment and a log). */
  async function beforeAndAfter(): Promise<{ before: string; after: string }> {
    const folder = temporaryFolder()
    const store = openStore(folder, { logBytes: 1000, syncSeconds: 0 })
    for (const [index, line] of LINES.entries())
      store.append('a', [stream('j', [entry(NOW + BigInt(index), line)])])
    const before = asKilledNow(folder)
    await sealed(folder)
    const after = asKilledNow(folder)
    store.close()
    return { before, after }
  }
  const SEGMENT = 'segment-00000001'

  const steps: [string, (before: string, after: string) => string][] = [
    ['before the draft is written', (before) => before],
    ['when the draft is empty', (before) => withDraft(before, Buffer.alloc(0))],
    [
      'when the draft is half written',
      (before, after) => withDraft(before, readFileSync(join(after, SEGMENT)).subarray(0, 200)),
    ],
    ['when the draft is whole', (before, after) => withDraft(before, readFileSync(join(after, SEGMENT)))],
    [
      'when the segment has its name',
      (before, after) => {
        copyFileSync(join(before, LOG), join(after, LOG))
        return after
      },
    ],
    ['when the log is deleted', (_, after) => after],
  ]
  function withDraft(folder: string, bytes: Buffer): string {
    writeFileSync(join(folder, `${SEGMENT}.tmp`), bytes)
    return folder
  }

  test.each(steps)('%s loses and doubles nothing', async (_, left) => {
    const { before, after } = await beforeAndAfter()
    expect(filesIn(before)).toEqual([LOG, 'log-00000002', `${SEGMENT}.tmp`])
    expect(filesIn(after)).toEqual(['log-00000002', SEGMENT])
    const folder = left(before, after)
    const { store, notices } = openedIn(folder)
    expect(linesOf(store)).toEqual(LINES)
    await sealed(folder)
    expect(linesOf(store)).toEqual(LINES)
    expect(filesIn(folder)).toEqual(['log-00000002', SEGMENT])
    expect(notices).toEqual([])
    store.close()
    const again = openedIn(folder)
    expect(linesOf(again.store)).toEqual(LINES)
    again.store.close()
  })
})

describe('a segment', () => {
  function segment(): string {
    const folder = temporaryFolder()
    const store = openStore(folder)
    store.append('a', [stream('j', [entry(NOW, 'first'), entry(NOW + 1n, 'second', new Map([['a', 'b']]))])])
    store.close()
    return folder
  }

  test('with any byte changed is an error that names it, and no other entries', () => {
    const folder = segment()
    const name = 'segment-00000001'
    const { size } = statSync(join(folder, name))
    for (let at = 8; at < size; at++) {
      const damaged = temporaryFolder()
      cpSync(folder, damaged, { recursive: true })
      flip(join(damaged, name), at)
      expect(() => {
        const store = openStore(damaged)
        try {
          linesOf(store)
        } finally {
          store.close()
        }
      }).toThrow(`The stored logs are damaged: ${join(damaged, name)} at byte `)
    }
  })

  test('cut anywhere is an error', () => {
    const folder = segment()
    const file = join(folder, 'segment-00000001')
    for (let { size } = statSync(file); size > 0; size--) {
      truncateSync(file, size - 1)
      expect(() => openStore(folder)).toThrow(/damaged: .*segment-00000001 at byte/)
    }
  })
})

describe('the lock', () => {
  test('lets one process in at a time', () => {
    const folder = temporaryFolder()
    const store = openStore(folder)
    expect(() => openStore(folder)).toThrow(`open in another process (pid ${process.pid})`)
    store.close()
    openStore(folder).close()
    expect(filesIn(folder)).toEqual([])
  })

  test.each([
    ['of a dead process', JSON.stringify({ pid: 2 ** 22 + 1, startedAt: '1' })],
    ['of an earlier process with this pid', JSON.stringify({ pid: process.pid, startedAt: '1' })],
    ['that is damaged', '{'],
  ])('%s is taken over', (_, text) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'lock'), text)
    const store = openStore(folder)
    expect(() => openStore(folder)).toThrow('open in another process')
    store.close()
  })

  test('is given back when the store cannot be opened', () => {
    const folder = leftLog(['first', 'second'])
    flip(join(folder, LOG), 20)
    expect(() => openStore(folder)).toThrow('damaged')
    rmSync(join(folder, LOG))
    openStore(folder).close()
  })
})

function flip(file: string, at: number): void {
  const bytes = readFileSync(file)
  bytes[at] = (bytes[at] ?? 0) ^ 0xff
  writeFileSync(file, bytes)
}
