import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { temporaryFolder } from './harness.ts'

const FILLER = fileURLToPath(new URL('./filler.js', import.meta.url))
const NEVER_SEAL = '1000000000'

type Filled = {
  acknowledged: string[]
  refusals: { code: string; size: number }[]
  notices: string[]
  readWhenFull: number
  readBefore: string[]
  readAfter: string[]
}

const run = (file: string, args: string[]): Filled =>
  JSON.parse(execFileSync(file, args, { encoding: 'utf8', maxBuffer: 1e9 })) as Filled

function checkNothingLost({ acknowledged, readBefore, readAfter }: Filled): void {
  const expected = acknowledged.toSorted()
  expect(readBefore.toSorted()).toEqual(expected)
  expect(readAfter.toSorted()).toEqual(expected)
  expect(expected.length).toBeGreaterThan(30)
}

test('a write that the system takes only in part leaves nothing of its push', () => {
  // A limit on the size of files: the system writes up to it, then says EFBIG.
  const command = `ulimit -f 128 && exec "$0" "$@"`
  const folder = temporaryFolder()
  const filled = run('bash', ['-c', command, process.execPath, FILLER, folder, '', NEVER_SEAL])
  checkNothingLost(filled)
  expect(filled.refusals).toEqual([
    { code: 'DISK_FULL', size: expect.any(Number) },
    { code: 'DISK_FULL', size: filled.refusals[0]?.size },
  ])
  expect(filled.refusals[0]?.size).toBeLessThan(128 * 1024)
})

const UNSHARE = ['--map-root-user', '--mount']

describe('a full disk', () => {
  test.each([
    ['with one log', NEVER_SEAL],
    ['with sealing', '50000'],
  ])('%s refuses pushes as a whole, and takes them again when there is space', (_, logBytes) => {
    const folder = temporaryFolder()
    const command = `mount -t tmpfs -o size=600k none ${folder} && exec "$0" "$@"`
    const program = [process.execPath, FILLER, join(folder, 'store'), join(folder, 'ballast'), logBytes]
    const filled = run('unshare', [...UNSHARE, 'sh', '-c', command, ...program])
    checkNothingLost(filled)
    expect(filled.refusals.map(({ code }) => code)).toEqual(['DISK_FULL', 'DISK_FULL', 'DISK_FULL'])
    expect(filled.readBefore.length).toBeGreaterThan(filled.readWhenFull)
  })
})
