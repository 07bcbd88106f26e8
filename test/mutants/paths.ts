import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PROJECT_ROOT } from '../../stack/config.ts'

/** The sources in folders, and those that are named themselves. */
export const sourcesIn = (paths: readonly string[]): string[] =>
  paths.flatMap((path) =>
    path.endsWith('.ts')
      ? [path]
      : readdirSync(join(PROJECT_ROOT, path), { recursive: true, encoding: 'utf8' })
          .filter((name) => name.endsWith('.ts'))
          .sort()
          .map((name) => join(path, name)),
  )

/** The compiled tests of a source, as a pattern: its own, which mirrors it, or else those of its folder. */
export function testsOf(source: string): string {
  const own = join('test', source.replace(/\.ts$/, '.test.ts'))
  if (existsSync(join(PROJECT_ROOT, own))) return `dist/${own.replace(/\.ts$/, '.js')}`
  return `dist/test/${dirname(source)}/**/*.test.js`
}
