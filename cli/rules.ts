import { Command } from 'commander'
import { check } from '../rules/check.ts'
import { KPIS } from '../rules/kpis.ts'
import { rulesCostCommand } from './rules-cost.ts'
import { alertQueries, askedPanels } from './rules-queries.ts'
import { rulesRenderCommand } from './rules-render.ts'
import { rulesTestCommand } from './rules-test.ts'
import { readConfigFile, readSettings } from './settings.ts'

export const rulesCommand = (): Command =>
  new Command('rules')
    .description('The catalogue of KPIs and alerts: check it, render it, test it, see what it costs.')
    .addHelpText('after', '\nExample:\n  $ vigie rules test')
    .addCommand(checkCommand())
    .addCommand(rulesRenderCommand())
    .addCommand(rulesTestCommand())
    .addCommand(rulesCostCommand())

/** Windows that KPIs are asked with elsewhere than in dashboards. */
const WINDOWS = ['5m', '1h', '7d'] as const
/** What people choose at the top of a dashboard: an hour, a day, a month. */
const RANGES_MS = [3_600_000, 86_400_000, 30 * 86_400_000] as const

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
      const panels = RANGES_MS.flatMap((rangeMs) => askedPanels(sources, rangeMs, Date.now()))
      const queries = [...alertQueries(sources), ...kpis, ...panels]
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
