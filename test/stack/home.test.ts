import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { diskFullError } from '../../stack/disk.ts'
import {
  forgetRunning,
  openHome,
  recordOf,
  recordRunning,
  runningOf,
  writePrivately,
} from '../../stack/home.ts'
import { ownRef } from '../../stack/process.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigie-home-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const homeHere = (name = 'home') => openHome(join(folder, name))
const running = (changes = {}) => ({ ...ownRef(), fingerprint: 'abc', upSince: '2026-11-21', ...changes })
const modeOf = (path: string): number => statSync(path).mode & 0o777

describe('the folder', () => {
  test('is made with its parts, for its owner only, and may be there already', () => {
    const home = homeHere()
    expect(homeHere()).toMatchObject({ path: home.path })
    expect(readdirSync(home.path).sort()).toEqual(['data', 'logs', 'run'])
    expect(readdirSync(join(home.path, 'run'))).toEqual([])
    expect(['data', 'logs', 'run'].map((part) => modeOf(join(home.path, part)))).toEqual([
      0o700, 0o700, 0o700,
    ])
  })

  test('says where things are', () => {
    const home = homeHere()
    expect([home.logFile('kafka'), home.data('kafka'), home.lockFile]).toEqual(
      ['logs/kafka.log', 'data/kafka', 'run/lock'].map((path) => join(home.path, path)),
    )
  })

  test('cannot be made inside a file: PATH_NOT_WRITABLE', () => {
    writeFileSync(join(folder, 'file'), '')
    expect(() => homeHere('file/home')).toThrow(
      expect.objectContaining({ code: 'PATH_NOT_WRITABLE', message: expect.stringContaining('file/home') }),
    )
  })
})

describe('the record of a service', () => {
  test('is read back as it was written, and can be forgotten', () => {
    const home = homeHere('records')
    recordRunning(home, 'loki', running())
    expect(recordOf(home, 'loki')).toEqual(running())
    expect(runningOf(home, 'loki')).toEqual(running())
    expect(recordOf(home, 'kafka')).toBeUndefined()
    forgetRunning(home, 'loki')
    expect(recordOf(home, 'loki')).toBeUndefined()
    forgetRunning(home, 'loki')
  })

  test('of a process that is gone is still a record, but nothing runs', () => {
    const home = homeHere('records')
    recordRunning(home, 'loki', running({ startedAt: '1' }))
    expect(recordOf(home, 'loki')).toMatchObject({ startedAt: '1' })
    expect(runningOf(home, 'loki')).toBeUndefined()
  })

  test.each(['', '{"pid":1', 'x'])('that is damaged (%j) counts as none', (content) => {
    const home = homeHere('records')
    writeFileSync(join(home.path, 'run', 'loki.json'), content)
    expect(recordOf(home, 'loki')).toBeUndefined()
    expect(runningOf(home, 'loki')).toBeUndefined()
  })
})

describe('writePrivately', () => {
  test('is readable by its owner only, also when the file was readable by all', () => {
    const path = join(folder, 'secret')
    writeFileSync(path, 'old', { mode: 0o644 })
    writePrivately(path, 'new')
    expect(modeOf(path)).toBe(0o600)
    expect(readdirSync(folder)).not.toContain('secret.tmp')
  })

  test('into a folder that is not one: PATH_NOT_WRITABLE', () => {
    expect(() => writePrivately(join(folder, 'secret', 'x'), '')).toThrow(
      expect.objectContaining({ code: 'PATH_NOT_WRITABLE' }),
    )
  })
})

describe('diskFullError', () => {
  test.each([
    ['ENOSPC', 'DISK_FULL'],
    ['EDQUOT', 'DISK_FULL'],
    ['EACCES', 'PATH_NOT_WRITABLE'],
    ['EROFS', 'PATH_NOT_WRITABLE'],
    ['EPERM', 'PATH_NOT_WRITABLE'],
    ['ENOTDIR', 'PATH_NOT_WRITABLE'],
  ])('%s is %s', (code, expected) => {
    const error = Object.assign(new Error('write failed'), { code })
    expect(diskFullError(error, '/data')).toMatchObject({ code: expected, cause: error })
    expect(diskFullError(error, '/data')).toMatchObject({ message: expect.stringContaining('/data') })
  })

  test('what a program says of a full disk counts too', () => {
    expect(diskFullError(new Error('go: No space left on device'), '/cache')).toMatchObject({
      code: 'DISK_FULL',
    })
  })

  test('any other error stays, as does one of ours', () => {
    const other = new Error('boom')
    expect(diskFullError(other, '/data')).toBe(other)
    const ours = diskFullError(Object.assign(new Error(''), { code: 'ENOSPC' }), '/a')
    expect(diskFullError(ours, '/b')).toBe(ours)
  })
})

test.each(['{}', '[]', 'null', '{"pid": 4194305}', ''])(
  'a record that holds %j counts as none',
  (content) => {
    const home = openHome(mkdtempSync(join(tmpdir(), 'vigie-home-')))
    writeFileSync(join(home.path, 'run', 'kafka.json'), content)
    expect(runningOf(home, 'kafka')).toBeUndefined()
  },
)
