import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { DOCUMENTS } from '../../docs/generated.ts'
import { formatted } from '../../loki/query.ts'
import { PROJECT_ROOT } from '../../stack/config.ts'
import { engineEnv, settings, vigie } from './harness.ts'

const example = (name: string): string => join(PROJECT_ROOT, 'docs', 'examples', name)

/** The LogQL that a document shows; a list may indent it. */
const queriesOf = (document: string): string[] =>
  [...document.matchAll(/^ *```logql\n([\s\S]*?)^ *```$/gm)].map(([, query = '']) => query.trim())

test('the example of docs/rules-tests.md passes', async () => {
  const { code, stdout } = await vigie(['rules', 'test', example('checkout-tests.yaml')], engineEnv())
  expect(stdout).toContain('0 failed')
  expect(code).toBe(0)
})

test('Loki takes every query that the example of docs/sources.md makes', async () => {
  const env = { ...engineEnv(), VIGIE_CONFIG: example('vigie.yaml') }
  const { code, stdout } = await vigie(['rules', 'check'], env)
  expect(stdout).toMatch(/^✔ \d+ queries are right/)
  expect(code).toBe(0)
})

test('Loki takes every query that a document shows', async () => {
  const queries = DOCUMENTS.flatMap((path) => queriesOf(readFileSync(join(PROJECT_ROOT, path), 'utf8')))
  expect(queries.length).toBeGreaterThan(50)
  for (const query of queries) await formatted(settings.loki, query)
})
