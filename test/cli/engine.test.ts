import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { type Circumstances, engineToStart } from '../../cli/engine.ts'

const path = process.env.PATH
const folders: string[] = []
afterEach(() => {
  process.env.PATH = path
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** A `docker` that says yes or no to everything, and no other program. */
function docker(answers: boolean): void {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-docker-'))
  folders.push(folder)
  writeFileSync(join(folder, 'docker'), `#!/bin/sh\nexit ${answers ? 0 : 1}\n`)
  chmodSync(join(folder, 'docker'), 0o755)
  process.env.PATH = folder
}

const idle: Circumstances = { forced: undefined, elsewhere: [], running: [] }

test.each([
  ['Docker where it answers', true, idle, 'docker'],
  ['native where it does not', false, idle, 'native'],
  ['native when forced', true, { ...idle, forced: 'native' }, 'native'],
  [
    'Docker when forced, answering or not: that is for `up` to say',
    false,
    { ...idle, forced: 'docker' },
    'docker',
  ],
  ['native when a part is elsewhere', true, { ...idle, elsewhere: ['LOKI_URL'] }, 'native'],
  ['native when it runs already', true, { ...idle, running: ['kafka'] }, 'native'],
] as const)('%s', async (_, answers, choice, engine) => {
  docker(answers)
  expect(await engineToStart(choice)).toBe(engine)
})

test.each([
  [{ elsewhere: ['KAFKA_BROKERS', 'LOKI_URL'] }, 'unset KAFKA_BROKERS and LOKI_URL'],
  [{ running: ['kafka', 'loki'] }, 'The native stack runs (kafka, loki)'],
])('forcing Docker against %j is an error', async (more, message) => {
  docker(true)
  await expect(engineToStart({ ...idle, forced: 'docker', ...more })).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining(message),
  })
})
