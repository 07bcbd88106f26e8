import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT_ROOT } from '../stack/config.ts'
import { DOCUMENTS, rendered } from './generated.ts'

for (const name of DOCUMENTS) {
  const path = join(PROJECT_ROOT, name)
  writeFileSync(path, rendered(readFileSync(path, 'utf8')))
}
