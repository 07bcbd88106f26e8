import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { PROJECT_ROOT } from '../../stack/config.ts'
import { engineEnv, vigie } from './harness.ts'

const example = (name: string): string => join(PROJECT_ROOT, 'docs', 'examples', name)

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
