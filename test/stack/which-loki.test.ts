import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { localLoki } from '../../stack/which-loki.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** A folder with a program `loki` that prints this as its version. */
function folderWith(output: string, exit = 0): string {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-which-'))
  folders.push(folder)
  writeFileSync(join(folder, 'loki'), `#!/bin/sh\nprintf '%s\\n' '${output}'\nexit ${exit}\n`)
  chmodSync(join(folder, 'loki'), 0o755)
  return folder
}
const LOKI = 'loki, version 3.7.6 (branch: HEAD, revision: abc)\n  build user: root'
const settings = { VIGIE_LOKI: undefined, VIGIE_LOKI_PROGRAM: undefined }
const embedded = { kind: 'embedded' }

describe('which Loki answers here', () => {
  test('the embedded store where there is no program', () => {
    expect(localLoki(settings, '/nowhere')).toEqual(embedded)
    expect(localLoki(settings, '')).toEqual(embedded)
  })

  test('the program on PATH', () => {
    const folder = folderWith(LOKI)
    const path = join(folder, 'loki')
    expect(localLoki(settings, ['/nowhere', folder].join(delimiter))).toEqual({
      kind: 'program',
      path,
      version: '3.7.6',
    })
  })

  test('the program that is named, before the one on PATH', () => {
    const named = join(folderWith('loki, version 3.4.0 (branch: HEAD)'), 'loki')
    const onPath = folderWith(LOKI)
    expect(localLoki({ ...settings, VIGIE_LOKI_PROGRAM: named }, onPath)).toMatchObject({ version: '3.4.0' })
  })

  test('the embedded store, when it is forced', () => {
    const path = folderWith(LOKI)
    const named = join(path, 'loki')
    expect(localLoki({ VIGIE_LOKI: 'embedded', VIGIE_LOKI_PROGRAM: named }, path)).toEqual(embedded)
  })

  test.each([
    ['too old', 'loki, version 3.3.9 (branch: HEAD)', 0],
    ['another program of that name', 'Loki 2.4.7, linkage analysis', 0],
    ['broken', LOKI, 1],
  ])('one on PATH that is %s is passed over', (_, output, exit) => {
    expect(localLoki(settings, folderWith(output, exit))).toEqual(embedded)
  })

  test.each([
    ['too old', 'loki, version 2.9.1 (branch: HEAD)', 'version 2.9.1 is too old'],
    ['no Loki', 'hello', 'it is no Grafana Loki'],
  ])('one that is named and is %s is an error that says so', (_, output, problem) => {
    const named = join(folderWith(output), 'loki')
    const message = `VIGIE_LOKI_PROGRAM = "${named}": ${problem}; allowed is a \`loki\` program, 3.4 or newer`
    expect(() => localLoki({ ...settings, VIGIE_LOKI_PROGRAM: named }, '')).toThrow(message)
  })

  test('one that is named and is not there is an error', () => {
    expect(() => localLoki({ ...settings, VIGIE_LOKI_PROGRAM: '/no/such/loki' }, '')).toThrow('ENOENT')
  })
})
