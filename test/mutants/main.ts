import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { PROJECT_ROOT } from '../../stack/config.ts'
import { SANDBOXES, strykerConfig } from './config.ts'
import { sourcesIn, testsOf } from './paths.ts'
import { scoreOf, sumOf } from './score.ts'

const DEFAULT_PATHS = ['shipper', 'kafka', 'incidents']
const STRYKER = join(PROJECT_ROOT, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js')

type Options = { limit?: string; jobs: string }

/** Tests the mutants of one file by one run of Stryker, until `stop` fires. */
async function testFile(file: string, jobs: number, counts: string, stop: AbortSignal): Promise<void> {
  const config = join(mkdtempSync(join(tmpdir(), 'vigie-mutants-')), 'stryker.json')
  writeFileSync(config, JSON.stringify(strykerConfig(file, jobs)))
  const child = spawn(process.execPath, [STRYKER, 'run', config], {
    cwd: PROJECT_ROOT,
    // Its own words are about itself; what it fails of stands in the second.
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, MUTANT_TESTS: testsOf(file), MUTANT_COUNTS: counts },
    // A group of its own: what tests the mutants ends with it.
    detached: true,
  })
  const end = () => process.kill(-(child.pid as number), 'SIGTERM')
  stop.addEventListener('abort', end)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  stop.removeEventListener('abort', end)
  if (code !== 0 && !stop.aborted) throw new Error(`Stryker ended with ${code} at ${file}`)
}

async function run(paths: readonly string[], { limit, jobs }: Options): Promise<void> {
  const counts = join(mkdtempSync(join(tmpdir(), 'vigie-mutants-')), 'counts')
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  const timer =
    limit === undefined ? undefined : setTimeout(() => stop.abort(), Number(limit) * 60_000).unref()
  try {
    for (const file of sourcesIn(paths.length === 0 ? DEFAULT_PATHS : paths))
      if (!stop.signal.aborted) await testFile(file, Number(jobs), counts, stop.signal)
  } finally {
    clearTimeout(timer)
    rmSync(join(PROJECT_ROOT, SANDBOXES), { recursive: true, force: true })
  }
  const lines = existsSync(counts) ? readFileSync(counts, 'utf8').split('\n').filter(Boolean) : []
  process.stdout.write(`${scoreOf(sumOf(lines))}\n`)
}

await new Command('npm run mutants --')
  .description(
    'Tests the tests: changes the sources in one place at a time, and says which changes no unit test notices, as file:line:column: what was changed.',
  )
  .argument('[paths...]', `folders or files of the sources (default: ${DEFAULT_PATHS.join(' ')})`)
  .option('--limit <minutes>', 'end after so many minutes, with the score until then')
  .option('--jobs <number>', 'how many mutants are tested at once', String(cpus().length))
  .addHelpText(
    'after',
    '\nExamples:\n  $ npm run mutants -- kafka/consumer/cursor.ts\n  $ npm run mutants -- shipper/lane incidents --limit 10',
  )
  .action(run)
  .parseAsync()
