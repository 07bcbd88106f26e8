import { Command } from 'commander'
import { durationMs } from '../loki/logql.ts'
import { costs, DEAR_SHARE } from '../rules/cost.ts'
import { vigieError } from '../service/errors.ts'
import { createProgressBar } from './progress-bar.ts'
import { alertQueries, askedPanels } from './rules-queries.ts'
import { readConfigFile, readSettings } from './settings.ts'

const lookBack = (text: string): number => {
  const ms = durationMs(text)
  if (ms === undefined || ms === 0)
    throw vigieError('USAGE', { problem: `--range must be a duration such as 24h, not ${text}.` })
  return ms
}

export const rulesCostCommand = (): Command =>
  new Command('cost')
    .description('Ask every query once and show the lines, bytes and time that it takes on this Loki.')
    .option('--range <duration>', 'the time that the dashboards show', '24h')
    .option('--json', 'print one JSON array')
    .addHelpText('after', '\nExample:\n  $ LOKI_URL=http://loki:3100 vigie rules cost --range 7d')
    .action(async ({ range, json }: { range: string; json?: boolean }) => {
      const { loki } = readSettings(process.env)
      const { sources } = readConfigFile(process.env)
      const nowMs = Date.now()
      const queries = [...alertQueries(sources), ...askedPanels(sources, lookBack(range), nowMs)]
      const bar = createProgressBar()
      const all = await costs(loki, queries, nowMs, (done) =>
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
