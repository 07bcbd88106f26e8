#!/usr/bin/env node
import { existsSync } from 'node:fs'

const compiled = new URL('../dist/cli/main.js', import.meta.url)
if (!existsSync(compiled)) {
  process.stderr.write('Vigie is not built yet. Run: npm ci\n')
  process.exit(2)
}
const { main } = await import(compiled.href)
await main(process.argv)
