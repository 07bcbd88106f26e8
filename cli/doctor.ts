import { Command } from 'commander'
import { ENGINES, isInstalled } from '../stack/engines.ts'
import { find, missingLine, TOOLS, type ToolName } from '../stack/tools.ts'

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
      const missing = tools.filter((tool) => !tool.ok)
      if (missing.length > 0) process.exitCode = 2
      if (json) {
        process.stdout.write(`${JSON.stringify({ ok: missing.length === 0, tools, engines })}\n`)
        return
      }
      const lines = tools.map(({ name, version, ok }) => {
        const { title, atLeast, neededFor } = TOOLS[name]
        return ` ${ok ? '✔' : '✘'} ${title.padEnd(16)} ${(version ?? 'not found').padEnd(12)} needs ≥ ${atLeast.padEnd(8)} ${neededFor}`
      })
      for (const { name, version, built } of engines) {
        const state = built ? 'in the cache' : `built at the first \`vigie up\` (${ENGINES[name].expect})`
        lines.push(` ${built ? '✔' : '·'} ${ENGINES[name].title.padEnd(16)} ${version.padEnd(12)} ${state}`)
      }
      process.stdout.write(`${lines.join('\n')}\n`)
      if (missing.length > 0) process.stderr.write(`\nMissing:\n${missing.map(missingLine).join('\n')}\n`)
    })
