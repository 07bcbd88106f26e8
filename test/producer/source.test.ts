import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type InputObject, openInput } from '../../producer/source.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigie-source-'))
  mkdirSync(join(folder, 'logs', 'older'), { recursive: true })
  mkdirSync(join(folder, 'empty'))
  for (const name of ['b.json', 'a 1.json', '.hidden']) writeFileSync(join(folder, 'logs', name), name)
  symlinkSync(join(folder, 'logs', 'b.json'), join(folder, 'logs', 'c.json'))
  symlinkSync('loop', join(folder, 'loop'))
})
afterAll(() => rmSync(folder, { recursive: true }))

async function contentOf({ open }: InputObject): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of open()) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

describe('local paths', () => {
  test('a file, which each opening reads from the start', async () => {
    const path = join(folder, 'logs', 'b.json')
    const [object, ...others] = await openInput(path, {})
    expect(others).toEqual([])
    expect(object?.uri).toBe(path)
    expect(object && (await contentOf(object))).toBe('b.json')
    expect(object && (await contentOf(object))).toBe('b.json')
  })

  test.each(['logs', 'logs/'])('a directory (%s): its files in order, not the hidden ones', async (name) => {
    const objects = await openInput(join(folder, name), {})
    expect(await Promise.all(objects.map(contentOf))).toEqual(['a 1.json', 'b.json', 'b.json'])
    expect(objects.map(({ uri }) => uri)).toEqual(
      ['a 1.json', 'b.json', 'c.json'].map((each) => join(folder, 'logs', each)),
    )
  })

  test('a file:// URL', async () => {
    const [object] = await openInput(pathToFileURL(join(folder, 'logs', 'a 1.json')).href, {})
    expect(object && (await contentOf(object))).toBe('a 1.json')
  })
})

describe('what cannot be opened', () => {
  test.each([
    ['missing.json', 'INPUT_NOT_FOUND'],
    ['logs/b.json/x', 'INPUT_NOT_FOUND'],
    ['loop', 'INPUT_UNREADABLE'],
    ['empty', 'INPUT_EMPTY'],
  ])('%s: %s', async (name, code) => {
    const path = join(folder, name)
    await expect(openInput(path, {})).rejects.toMatchObject({ code, message: expect.stringContaining(path) })
  })

  test('a file that is gone by the time it is read', async () => {
    const path = join(folder, 'gone.json')
    writeFileSync(path, '')
    const [object] = await openInput(path, {})
    rmSync(path)
    await expect(object && contentOf(object)).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' })
  })

  test.each(['s3://', 's3:///logs.json', 'https://example.com/logs.json', 'file://host/logs.json'])(
    '%s: USAGE',
    async (uri) => {
      await expect(openInput(uri, {})).rejects.toMatchObject({ code: 'USAGE', exitCode: 2 })
    },
  )
})

test('an S3 key is taken as it is written, and nothing is asked before it is read', async () => {
  const env = { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' }
  const uri = 's3://my12data/a b/%41?x#y.json'
  expect((await openInput(uri, env)).map((object) => object.uri)).toEqual([uri])
})
