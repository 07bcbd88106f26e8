import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { openStore } from '../../../embedded/store/open.ts'
import { contents, filesIn, temporaryFolder } from './harness.ts'

const APPENDER = fileURLToPath(new URL('./appender.js', import.meta.url))
const KILLS = 10

/** Lets the appender go on from a push, and kills it once that many more are acknowledged. Returns the last one. */
async function appendAndKill(folder: string, first: number, pushes: number): Promise<number> {
  const child = spawn(process.execPath, [APPENDER, folder, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let told = ''
  child.stdout.on('data', (chunk: Buffer) => {
    told += chunk
    if (told.split('\n').length > pushes) child.kill('SIGKILL')
  })
  const [, signal] = await once(child, 'close')
  expect(signal).toBe('SIGKILL')
  return Number(told.split('\n').at(-2))
}

test('a process killed at any moment loses nothing it acknowledged, and doubles nothing', async () => {
  const folder = temporaryFolder()
  let next = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const last = await appendAndKill(folder, next, 1 + Math.floor(Math.random() * 200))
    const store = openStore(folder, { syncSeconds: 0 })
    const found = contents(store)
    const stored = (found.j ?? []).map(({ line }) => line.split(' ')[0] ?? '')
    const pushes = new Set(stored.map((name) => Number(name.split('.')[0])))
    // What was stored but not told before the kill may be there: whole.
    const end = Math.max(...pushes)
    const expected = Array.from({ length: end + 1 }, (_, push) =>
      Array.from({ length: 1 + (push % 7) }, (_, index) => `${push}.${index}`),
    ).flat()
    expect(end).toBeGreaterThanOrEqual(last)
    expect(stored.toSorted()).toEqual(expected.toSorted())
    expect(found.k).toEqual(found.j)
    expect(found.l).toEqual(found.j)
    store.close()
    next = end + 1
  }
  expect(filesIn(folder).length).toBeGreaterThan(KILLS)
}, 60_000)

test('a process that is done ends without closing the store, and nothing is lost', () => {
  const folder = temporaryFolder()
  const program = `
    import { openStore } from ${JSON.stringify(new URL('../../../embedded/store/open.js', import.meta.url).href)}
    const store = openStore(${JSON.stringify(folder)}, { logBytes: 1000 })
    for (let seconds = 0; seconds < 20; seconds++) {
      const entries = [{ seconds, nanos: 0, line: Buffer.alloc(300, 'x'), metadata: undefined }]
      store.append('a', [{ key: 'j', labels: new Map([['job', 'j']]), entries }])
    }`
  const ended = spawnSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 10_000 })
  expect(ended.status).toBe(0)
  const store = openStore(folder, { syncSeconds: 0 })
  expect(contents(store).j).toHaveLength(20)
  store.close()
})
