import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { DOCUMENTS, rendered } from '../docs/generated.ts'
import { PROJECT_ROOT } from '../stack/config.ts'

test.each(DOCUMENTS)('%s says what the code says (else: npm run docs)', (name) => {
  const document = readFileSync(join(PROJECT_ROOT, name), 'utf8')
  expect(document).toMatch(/<!-- \w+: generated/)
  expect(rendered(document)).toBe(document)
})
