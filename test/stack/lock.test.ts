import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { withLock } from '../../stack/lock.ts'
import { ownRef } from '../../stack/process.ts'

let folder = ''
let file = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigie-lock-'))
  file = join(folder, 'lock')
})
beforeEach(() => rmSync(file, { force: true }))
afterAll(() => rmSync(folder, { recursive: true }))

const ignore = () => undefined
/** No process has this pid: it is above the largest that Linux gives. */
const DEAD = { pid: 2 ** 22 + 1, startedAt: '123' }

describe('a lock', () => {
  test('is held while the work runs, says by whom, and is gone afterwards', async () => {
    const result = await withLock(file, 0, ignore, async () => JSON.parse(readFileSync(file, 'utf8')))
    expect(result).toEqual(ownRef())
    expect(readdirSync(folder)).toEqual([])
  })

  test('is released when the work fails', async () => {
    const failing = withLock(file, 0, ignore, () => Promise.reject(new Error('no disk')))
    await expect(failing).rejects.toThrow('no disk')
    expect(existsSync(file)).toBe(false)
  })

  test('keeps a second one out until the first is done, and tells it who holds it, once', async () => {
    const happened: string[] = []
    const told: number[] = []
    let finish = () => {}
    const first = withLock(file, 0, ignore, async () => {
      happened.push('first begins')
      await new Promise<void>((resolve) => {
        finish = resolve
      })
      happened.push('first ends')
    })
    const onWait = (pid: number) => {
      told.push(pid)
      finish()
    }
    await withLock(file, 5_000, onWait, async () => void happened.push('second'))
    await first
    expect(happened).toEqual(['first begins', 'first ends', 'second'])
    expect(told).toEqual([process.pid])
  })

  test('patience ends: STACK_BUSY, and the holder keeps it', async () => {
    const holder = JSON.stringify(ownRef())
    writeFileSync(file, holder)
    const told: number[] = []
    const waiting = withLock(
      file,
      100,
      (pid) => told.push(pid),
      async () => 'never',
    )
    await expect(waiting).rejects.toMatchObject({
      code: 'STACK_BUSY',
      message: expect.stringContaining(`pid ${process.pid}`),
    })
    expect(told).toEqual([process.pid])
    expect(readFileSync(file, 'utf8')).toBe(holder)
    expect(readdirSync(folder)).toEqual(['lock'])
  })

  test.each([
    ['of a dead process', () => DEAD],
    ['of a process whose pid is somebody else’s now', () => ({ pid: process.pid, startedAt: '1' })],
  ])('%s is taken over without waiting', async (_, holder) => {
    writeFileSync(file, JSON.stringify(holder()))
    const told: number[] = []
    const work = async () => JSON.parse(readFileSync(file, 'utf8'))
    expect(await withLock(file, 0, (pid) => told.push(pid), work)).toEqual(ownRef())
    expect(told).toEqual([])
    expect(readdirSync(folder)).toEqual([])
  })
})

test.each(['', '{}', 'not json', '{"pid": 1}'])(
  'a lock file that holds %j is no obstacle',
  async (content) => {
    const file = join(mkdtempSync(join(tmpdir(), 'vigie-lock-')), 'lock')
    writeFileSync(file, content)
    const waited: number[] = []
    expect(
      await withLock(
        file,
        5_000,
        (pid) => waited.push(pid),
        async () => 'done',
      ),
    ).toBe('done')
    expect(waited).toEqual([])
  },
)

test('waiting for a living holder ends when it is told to stop', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'vigie-lock-')), 'lock')
  writeFileSync(file, JSON.stringify(ownRef()))
  const waiting = withLock(
    file,
    60_000,
    () => undefined,
    async () => 'done',
    AbortSignal.abort(),
  )
  await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' })
})
