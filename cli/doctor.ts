import { Command } from 'commander'
import { identityOf } from '../loki/identity.ts'
import { dockerProblem } from '../stack/docker.ts'
import { ENGINES, isInstalled } from '../stack/engines.ts'
import { find, missingLine, TOOLS, type ToolName } from '../stack/tools.ts'
import { localLoki } from '../stack/which-loki.ts'
import { readSettings } from './settings.ts'

/** Which Loki answers: the one elsewhere, Docker's, a program found here, or the embedded store. */
async function lokiHere(): Promise<string> {
  const settings = readSettings(process.env)
  const { LOKI_URL } = settings.loki
  if (process.env.LOKI_URL)
    return `${(await identityOf(settings.loki)) ?? 'does not say its version'} at ${LOKI_URL} (LOKI_URL)`
  const engine = settings.stack.VIGIE_ENGINE ?? ((await dockerProblem()) === undefined ? 'docker' : 'native')
  if (engine === 'docker') return "Docker's container (docker/compose.yaml)"
  const loki = localLoki(settings.stack)
  if (loki.kind === 'program') return `Loki ${loki.version}, ${loki.path}`
  return 'embedded store (LOKI_URL or a `loki` program on PATH takes its place: docs/embedded.md)'
}

export const doctorCommand = (): Command =>
  new Command('doctor')
    .description('Say which programs Vigie needs, which versions are here, and what is built already.')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  $ vigie doctor')
    .action(async ({ json }: { json?: boolean }) => {
      const tools = await Promise.all((Object.keys(TOOLS) as ToolName[]).map(find))
      const engines = await Promise.all(
        Object.values(ENGINES)
          .filter(({ isForTests }) => isForTests !== true)
          .map(async (engine) => ({
            name: engine.name,
            version: engine.version,
            built: await isInstalled(engine),
          })),
      )
      const missing = tools.filter(({ name, ok }) => !ok && TOOLS[name].isOptional !== true)
      const leftOut = tools.filter(({ name, ok }) => !ok && TOOLS[name].isOptional === true)
      const loki = await lokiHere()
      if (missing.length > 0) process.exitCode = 2
      if (json) {
        process.stdout.write(`${JSON.stringify({ ok: missing.length === 0, tools, engines, loki })}\n`)
        return
      }
      const lines = tools.map(({ name, version, ok }) => {
        const { title, atLeast, neededFor, isOptional } = TOOLS[name]
        return ` ${ok ? '✔' : isOptional ? '·' : '✘'} ${title.padEnd(16)} ${(version ?? 'not found').padEnd(12)} needs ≥ ${atLeast.padEnd(8)} ${neededFor}`
      })
      for (const { name, version, built } of engines) {
        const state = built ? 'in the cache' : `built at the first \`vigie up\` (${ENGINES[name].expect})`
        lines.push(` ${built ? '✔' : '·'} ${ENGINES[name].title.padEnd(16)} ${version.padEnd(12)} ${state}`)
      }
      lines.push(` ✔ ${'Loki'.padEnd(16)} ${loki}`)
      process.stdout.write(`${lines.join('\n')}\n`)
      if (leftOut.length > 0)
        process.stderr.write(`\nLeft out until it is there:\n${leftOut.map(missingLine).join('\n')}\n`)
      if (missing.length > 0) process.stderr.write(`\nMissing:\n${missing.map(missingLine).join('\n')}\n`)
    })
