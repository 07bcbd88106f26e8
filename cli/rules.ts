import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { Command } from 'commander'
import { duration } from '../loki/logql.ts'
import { PACES } from '../rules/alert.ts'
import { alerts } from '../rules/alerts.ts'
import { check, type NamedQuery } from '../rules/check.ts'
import { costs, DEAR_SHARE, type RepeatedQuery } from '../rules/cost.ts'
import { KPIS } from '../rules/kpis.ts'
import { type RenderedFile, rulerFiles } from '../rules/ruler.ts'
import { type Declaration } from '../rules/sources.ts'
import { durationMs } from '../rules/testing/file.ts'
import { reasonOf, vigieError } from '../service/errors.ts'
import { PROJECT_ROOT } from '../stack/config.ts'
import { createProgressBar } from './progress-bar.ts'
import { rulesTestCommand } from './rules-test.ts'
import { readConfigFile, readSettings } from './settings.ts'

export const rulesCommand = (): Command =>
  new Command('rules')
    .description('The catalogue of KPIs and alerts: check it, render it, test it, see what it costs.')
    .addHelpText('after', '\nExample:\n  $ vigie rules test')
    .addCommand(checkCommand())
    .addCommand(renderCommand())
    .addCommand(rulesTestCommand())
    .addCommand(costCommand())

/** Windows that KPIs are asked with elsewhere than in dashboards. */
const WINDOWS = ['5m', '1h', '7d'] as const

const alertQueries = (declarations: readonly Declaration[]): (NamedQuery & RepeatedQuery)[] =>
  alerts(declarations).map(({ id, share, query, pace }) => ({
    name: `alert ${id}${share === undefined ? '' : ` (${share})`}`,
    query,
    everySeconds: (durationMs(PACES[pace]) ?? 0) / 1_000,
  }))

const checkCommand = (): Command =>
  new Command('check')
    .description('Let the real Loki parse every query, and hold its names against the contract.')
    .option('--json', 'print one JSON array of problems')
    .addHelpText('after', '\nExample:\n  $ LOKI_URL=http://loki:3100 vigie rules check')
    .action(async ({ json }: { json?: boolean }) => {
      const { loki } = readSettings(process.env)
      const { sources } = readConfigFile(process.env)
      const kpis = WINDOWS.flatMap((window) =>
        KPIS.map(({ id, query }) => ({ name: `KPI ${id} over ${window}`, query: query({ window }) })),
      )
      const queries = [...alertQueries(sources), ...kpis]
      const problems = await check(loki, queries)
      if (problems.length > 0) process.exitCode = 1
      if (json) return void process.stdout.write(`${JSON.stringify(problems)}\n`)
      for (const { name, problem } of problems) process.stdout.write(`✘ ${name}: ${problem}\n`)
      process.stdout.write(
        problems.length === 0
          ? `✔ ${queries.length} queries are right.\n`
          : `${problems.length} problems in ${queries.length} queries.\n`,
      )
    })

/** Everything that is made from the catalogue. */
export const renderedFiles = (declarations: readonly Declaration[]): RenderedFile[] =>
  rulerFiles(declarations)

const renderCommand = (): Command =>
  new Command('render')
    .description("Write what is made from the catalogue: the ruler's rules.")
    .option('--to <folder>', 'the folder that they are written to', PROJECT_ROOT)
    .option('--check', 'write nothing; exit 1 when a file there differs from what would be written')
    .addHelpText('after', '\nExample:\n  $ vigie rules render --to ./monitoring')
    .action(({ to, check: isCheck }: { to: string; check?: boolean }) => {
      const { sources } = readConfigFile(process.env)
      const folder = resolve(to)
      const files = renderedFiles(sources)
      const different = files.filter(({ path, content }) => contentOf(join(folder, path)) !== content)
      if (!isCheck) for (const file of different) write(folder, file)
      for (const { path } of different) process.stdout.write(`${path} ${isCheck ? 'differs' : 'written'}\n`)
      if (different.length === 0)
        process.stdout.write(`✔ ${files.length} files are what the catalogue says.\n`)
      else if (isCheck) {
        process.exitCode = 1
        process.stdout.write('Run `vigie rules render`.\n')
      }
    })

function write(folder: string, { path, content }: RenderedFile): void {
  const file = join(folder, path)
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  } catch (error) {
    throw vigieError('PATH_NOT_WRITABLE', { path: file, problem: reasonOf(error) }, error)
  }
}

/** What a file holds; nothing when there is none, or what is there is no file. */
function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

const lookBack = (text: string): string => {
  const ms = durationMs(text)
  if (ms === undefined || ms === 0)
    throw vigieError('USAGE', { problem: `--range must be a duration such as 24h, not ${text}.` })
  return duration(ms)
}

const costCommand = (): Command =>
  new Command('cost')
    .description('Ask every query once and show the lines, bytes and time that it takes on this Loki.')
    .option('--range <duration>', 'what KPIs look at', '24h')
    .option('--json', 'print one JSON array')
    .addHelpText('after', '\nExample:\n  $ LOKI_URL=http://loki:3100 vigie rules cost --range 7d')
    .action(async ({ range, json }: { range: string; json?: boolean }) => {
      const { loki } = readSettings(process.env)
      const { sources } = readConfigFile(process.env)
      const window = lookBack(range)
      const kpis = KPIS.map(({ id, query }) => ({
        name: `KPI ${id} over ${window}`,
        query: query({ window }),
        // A dashboard that somebody looks at refreshes so often.
        everySeconds: 60,
      }))
      const queries = [...alertQueries(sources), ...kpis]
      const bar = createProgressBar()
      const all = await costs(loki, queries, Date.now(), (done) =>
        bar.show('asking', done, queries.length),
      ).finally(() => bar.close())
      if (json) return void process.stdout.write(`${JSON.stringify(all)}\n`)
      const rows = all.map(({ name, everySeconds, lines, bytes, seconds, share }) => [
        share > DEAR_SHARE ? '!' : ' ',
        name,
        `${everySeconds} s`,
        lines.toLocaleString('en'),
        `${(bytes / 1e6).toFixed(2)} MB`,
        `${(seconds * 1_000).toFixed(0)} ms`,
        `${(share * 100).toFixed(2)} %`,
      ])
      const head = [' ', 'query', 'every', 'lines', 'bytes', 'time', 'of a core']
      const widths = head.map((title, column) =>
        Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
      )
      for (const row of [head, ...rows])
        process.stdout.write(
          `${row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}\n`,
        )
      if (all.some(({ share }) => share > DEAR_SHARE))
        process.stdout.write(`! keeps more than ${DEAR_SHARE * 100} % of a core busy.\n`)
    })
