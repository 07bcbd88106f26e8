import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type LokiSettings } from '../../loki/config.ts'
import { identityOf } from '../../loki/identity.ts'
import { selector } from '../../loki/logql.ts'
import { encoded, push } from '../../loki/push.ts'
import { isReady, nanoseconds, queryInstant } from '../../loki/query.ts'
import { PROJECT_ROOT } from '../../stack/config.ts'
import {
  eventually,
  linesOf,
  type Started,
  settings,
  start,
  temporaryFolder,
  unique,
  vigie,
} from './harness.ts'
import { reservedPort } from './ports.ts'

/** Stores that a test started; they end with it. */
const running: Started[] = []
afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGKILL')
    await ended
  }
})

type Served = Started & { loki: LokiSettings }

async function serve(folder: string, port: number): Promise<Served> {
  const started = start(['loki', 'serve', '--port', String(port), '--data', folder])
  running.push(started)
  const loki = { ...settings.loki, LOKI_URL: `http://127.0.0.1:${port}` }
  await eventually(`the store is ready: ${started.stderr()}`, () => isReady(loki))
  return { ...started, loki }
}

const line = (job: string, number: number, more = '') => ({
  labels: selector({ job }),
  entries: [
    { seconds: Math.floor(Date.now() / 1_000), nanos: number, line: Buffer.from(`line ${number}${more}`) },
  ],
})
const stored = async (loki: LokiSettings, job: string) => {
  const query = `sum(count_over_time(${selector({ job })}[1h]))`
  return (await queryInstant(loki, query, nanoseconds(Date.now() + 5_000)))[0]?.value ?? 0
}

describe('vigie loki serve', () => {
  test('answers alone, says who it is, and ends cleanly on Ctrl-C', async () => {
    const { child, ended, loki } = await serve(temporaryFolder(), await reservedPort())
    expect(await identityOf(loki)).toBe('embedded store')
    child.kill('SIGINT')
    const { code, stderr } = await ended
    expect(code).toBe(0)
    expect(stderr).toContain('"stopped"')
  })

  test('kill -9 in the middle of pushes: what was acknowledged is there once, and nothing else is doubled', async () => {
    const [folder, port, job] = [temporaryFolder(), await reservedPort(), unique('kills')]
    let number = 0
    const acknowledged = new Set<number>()
    const unknown = new Set<number>()
    for (let round = 0; round < 5; round++) {
      const { child, ended, loki } = await serve(folder, port)
      const pushing = Array.from({ length: 3 }, async () => {
        for (;;) {
          const mine = number++
          const { name } = await push(loki, encoded([line(job, mine)]).body, 5_000)
          if (name === 'stored') acknowledged.add(mine)
          else if (name !== 'not_sent') unknown.add(mine)
          if (name !== 'stored') return
        }
      })
      const goal = acknowledged.size + 200
      await eventually('pushes are acknowledged', async () => acknowledged.size >= goal)
      child.kill('SIGKILL')
      await Promise.all([...pushing, ended])
    }
    const { loki } = await serve(folder, port)
    const count = await stored(loki, job)
    expect(count).toBeGreaterThanOrEqual(acknowledged.size)
    expect(count).toBeLessThanOrEqual(acknowledged.size + unknown.size)
    const lines = (await linesOf(selector({ job }), loki)).map((each) => each.line)
    expect(new Set(lines).size).toBe(count)
    for (const each of acknowledged) expect(lines).toContain(`line ${each}`)
  })

  test('a full disk refuses the push, keeps what was there, and takes pushes again when there is room', async () => {
    const [folder, port, job] = [temporaryFolder(), await reservedPort(), unique('full')]
    const room = join(temporaryFolder(), 'make-room')
    // A file system of 4 MB in a namespace of its own, nearly full until `room` is there.
    const script = [
      `mount -t tmpfs -o size=4m none ${folder}`,
      `head -c 3000000 /dev/zero > ${folder}/ballast`,
      `(until [ -e ${room} ]; do sleep 0.1; done; rm ${folder}/ballast) &`,
      `exec ${process.execPath} ${join(PROJECT_ROOT, 'bin', 'vigie.js')} loki serve --port ${port} --data ${folder}`,
    ].join('\n')
    const child = spawn('unshare', ['--map-root-user', '--mount', 'sh', '-c', script], { stdio: 'ignore' })
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
    try {
      const loki = { ...settings.loki, LOKI_URL: `http://127.0.0.1:${port}` }
      await eventually('the store is ready', () => isReady(loki))
      const pushed = (number: number) =>
        push(loki, encoded([line(job, number, 'x'.repeat(100_000))]).body, 5_000)
      let taken = 0
      let answer = await pushed(0)
      for (; answer.name === 'stored'; answer = await pushed(++taken)) expect(taken).toBeLessThan(100)
      expect(answer).toMatchObject({ name: 'server_error', detail: expect.stringMatching(/no space left/i) })
      expect(await stored(loki, job)).toBe(taken)
      writeFileSync(room, '')
      await eventually('pushes are taken again', async () => (await pushed(1_000)).name === 'stored')
      expect(await stored(loki, job)).toBe(taken + 1)
    } finally {
      writeFileSync(room, '')
      child.kill('SIGKILL')
      await ended
    }
  })

  test('a second one over the same folder is refused with the pid of the first', async () => {
    const folder = temporaryFolder()
    const { child } = await serve(folder, await reservedPort())
    for (const command of [['serve', '--port', '0'], ['export']]) {
      const { code, stderr } = await vigie(['loki', ...command, '--data', folder])
      expect(code).toBe(1)
      expect(stderr).toMatch(
        new RegExp(`^vigie: The stored logs in ${folder}/store .*\\(pid ${child.pid}\\)`, 'm'),
      )
    }
  })

  test.each([
    [['--port', 'http'], /It must be a port, 0 to 65535/],
    [['--config', '/no/such/file'], /\/no\/such\/file cannot be read: ENOENT/],
    [['--nonsense'], /unknown option '--nonsense'/],
    [['--data', '/proc/no'], /\/proc\/no cannot be written: ENOENT/],
    [['--data', join(PROJECT_ROOT, 'package.json')], /package\.json\/store cannot be written: ENOTDIR/],
  ])('loki serve %j is told what is wrong', async (options, sentence) => {
    const { code, stderr } = await vigie(['loki', 'serve', ...options])
    expect(stderr).toMatch(sentence)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(code).toBe(2)
  })
})

describe('vigie loki export', () => {
  test('writes every entry once, whether it was sealed or only in the log', async () => {
    const [folder, port, job] = [temporaryFolder(), await reservedPort(), unique('export')]
    const { child, ended, loki } = await serve(folder, port)
    for (let number = 0; number < 50; number++)
      expect((await push(loki, encoded([line(job, number)]).body, 5_000)).name).toBe('stored')
    child.kill('SIGKILL')
    await ended
    for (const state of ['in the log', 'sealed']) {
      const { code, stdout, stderr } = await vigie(['loki', 'export', '--data', folder])
      expect({ state, code, stderr }).toEqual({ state, code: 0, stderr: '50 entries\n' })
      const entries = stdout
        .trim()
        .split('\n')
        .map((each) => JSON.parse(each) as { tenant: string; stream: object; time: string; line: string })
      expect(new Set(entries.map((entry) => entry.line)).size).toBe(50)
      expect(entries[0]).toMatchObject({ tenant: 'fake', stream: { job } })
      const times = entries.map(({ time }) => BigInt(time))
      expect(times).toEqual([...times].sort((a, b) => (a < b ? -1 : 1)))
    }
  })

  test('a folder without a store is wrong usage', async () => {
    const { code, stderr } = await vigie(['loki', 'export', '--data', temporaryFolder()])
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('holds no store') })
  })
})
