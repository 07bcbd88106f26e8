#!/usr/bin/env node
import { existsSync } from 'node:fs'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `vigie: Node.js >= 20.19 is needed, this is ${process.versions.node}. Get it: https://nodejs.org\n`,
  )
  process.exit(2)
}

const compiled = new URL('../dist/cli/main.js', import.meta.url)
if (!existsSync(compiled)) {
  process.stderr.write('Vigie is not built yet. Run: npm ci\n')
  process.exit(2)
}
const { main } = await import(compiled.href)
await main(process.argv)
