import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  basicsOf,
  eventually,
  isAlive,
  ownRef,
  type ProcessRef,
  spawnDetached,
  startOf,
  terminate,
} from '../../stack/process.ts'

/** What the children see beside their own variables. */
const INHERITED = { PATH: process.env.PATH, INHERITED: 'yes' }

let folder = ''
const started: ProcessRef[] = []
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigie-process-'))
})
afterAll(() => {
  for (const ref of started) if (isAlive(ref)) process.kill(ref.pid, 'SIGKILL')
  rmSync(folder, { recursive: true })
})

async function start(file: string, args: string[], name: string, env: Record<string, string> = {}) {
  const log = join(folder, `${name}.log`)
  const ref = await spawnDetached({ file, args, env, cwd: folder }, log, INHERITED)
  started.push(ref)
  return { ref, output: () => readFileSync(log, 'utf8'), log }
}

describe('a process and its start', () => {
  test('this one has a start, always the same', () => {
    expect(startOf(process.pid)).toMatch(/\w/)
    expect(startOf(process.pid)).toBe(startOf(process.pid))
    expect(ownRef()).toEqual({ pid: process.pid, startedAt: startOf(process.pid) })
    expect(isAlive(ownRef())).toBe(true)
  })

  test('one with the same pid that started at another time is another', () => {
    expect(isAlive({ pid: process.pid, startedAt: '1' })).toBe(false)
  })

  test('there is none with a pid that nobody has', () => {
    expect(startOf(2 ** 22 + 1)).toBeUndefined()
    expect(isAlive({ pid: 2 ** 22 + 1, startedAt: '1' })).toBe(false)
  })
})

describe('spawnDetached', () => {
  test('starts it with its environment and folder, and appends its output to a private file', async () => {
    const { ref, output, log } = await start(
      '/bin/sh',
      ['-c', 'echo "$GREETING $INHERITED" >&2; pwd'],
      'output',
      {
        GREETING: 'hello',
      },
    )
    expect(await eventually(() => !isAlive(ref), 5_000)).toBe(true)
    expect(output()).toBe(`hello yes\n${folder}\n`)
    expect(statSync(log).mode & 0o777).toBe(0o600)
  })

  test('says so when there is no such program', async () => {
    await expect(start('/nowhere/program', [], 'nothing')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

test('of an environment, an engine inherits what any program needs, and no secret', () => {
  const env = {
    PATH: '/bin',
    HOME: '/home/bob',
    LANG: 'C',
    KAFKA_SASL_PASSWORD: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
  }
  expect(basicsOf(env)).toEqual({ PATH: '/bin', HOME: '/home/bob', LANG: 'C' })
  expect(basicsOf({})).toEqual({})
})

describe('terminate', () => {
  test('asks a process to end, and it goes by itself', async () => {
    const { ref } = await start('sleep', ['60'], 'sleep')
    expect(isAlive(ref)).toBe(true)
    expect(await terminate(ref, 5_000)).toBe(true)
    expect(isAlive(ref)).toBe(false)
  })

  test('ends one that does not want to', async () => {
    const stubborn = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('ready')"
    const { ref, output } = await start(process.execPath, ['-e', stubborn], 'stubborn')
    expect(await eventually(() => output() !== '', 5_000)).toBe(true)
    expect(await terminate(ref, 0)).toBe(false)
    expect(isAlive(ref)).toBe(false)
  })

  test('leaves alone who has the pid of a process that is gone', async () => {
    expect(await terminate({ pid: process.pid, startedAt: '1' }, 0)).toBe(true)
  })
})

describe('eventually', () => {
  test('asks at once, and again until the condition holds', async () => {
    expect(await eventually(() => true, 0)).toBe(true)
    let asked = 0
    expect(await eventually(async () => ++asked === 2, 5_000)).toBe(true)
  })

  test('gives up at the deadline', async () => {
    expect(await eventually(() => false, -1)).toBe(false)
  })
})
