import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { Command } from 'commander'
import { grafanaFiles, PROVISIONING } from '../grafana/files.ts'
import { type RenderedFile, rulerFiles } from '../rules/ruler.ts'
import { reasonOf, vigieError } from '../service/errors.ts'
import { PROJECT_ROOT } from '../stack/config.ts'
import { readConfigFile, readSettings } from './settings.ts'

/** What an earlier rendering left there: Grafana has to be told which rules are gone. */
function previousAlerts(folder: string): RenderedFile[] {
  const path = join(PROVISIONING, 'alerting')
  const names = namesIn(join(folder, path)).filter((name) => name.endsWith('.yml'))
  return names.map((name) => ({
    path: `${path}/${name}`,
    content: contentOf(join(folder, path, name)) ?? '',
  }))
}

/** Everything that is made from the catalogue, for a folder that may hold an earlier rendering. */
function renderedFiles(env: NodeJS.ProcessEnv, folder: string): RenderedFile[] {
  const { sources } = readConfigFile(env)
  const { alerts, loki } = readSettings(env)
  return [
    ...rulerFiles(sources),
    ...grafanaFiles(sources, {
      previous: previousAlerts(folder),
      // Grafana asks from where it runs: the local Loki's own address is of no use there.
      ...(env.LOKI_URL ? { lokiUrl: loki.LOKI_URL } : {}),
      ...(alerts.RUNBOOK_URL ? { runbooks: `${alerts.RUNBOOK_URL}/docs/runbooks` } : {}),
    }),
  ]
}

export const rulesRenderCommand = (): Command =>
  new Command('render')
    .description(
      "Write what is made from the catalogue: the ruler's rules, Grafana's dashboards, alerts and data source.",
    )
    .option('--to <folder>', 'the folder that they are written to', PROJECT_ROOT)
    .option('--check', 'write nothing; exit 1 when a file there differs from what would be written')
    .addHelpText(
      'after',
      '\nExample:\n  $ vigie rules render --to ./monitoring\n  $ LOKI_URL=http://loki:3100 RUNBOOK_URL=https://git.example.com/vigie vigie rules render --to ./monitoring',
    )
    .action(({ to, check: isCheck }: { to: string; check?: boolean }) => {
      const folder = resolve(to)
      const files = renderedFiles(process.env, folder)
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

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // Nothing was rendered there yet.
  }
}
