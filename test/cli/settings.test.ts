import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { readSettings, stackContext } from '../../cli/settings.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigie-settings-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const configFile = () => join(folder, 'vigie.yaml')
function contextHere() {
  const env = { VIGIE_HOME: join(folder, 'home'), VIGIE_CONFIG: configFile() }
  return stackContext(readSettings(env), env)
}

describe('what vigie.yaml declares', () => {
  test('is read once: all parts of a stack see the same', () => {
    writeFileSync(configFile(), 'sources: [{ match: crm, every: 1h }]')
    const { declarations } = contextHere()
    const first = declarations()
    expect(first).toMatchObject([{ match: 'crm' }])
    writeFileSync(configFile(), 'sources: []')
    expect(declarations()).toBe(first)
  })

  test('is not read before it is asked for', () => {
    writeFileSync(configFile(), 'sources: nonsense')
    const { declarations } = contextHere()
    expect(declarations).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })
})
