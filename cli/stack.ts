import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { vigieError } from '../service/errors.ts'
import { stopSignal } from '../service/shutdown.ts'
import { down } from '../stack/down.ts'
import { createProgress } from '../stack/progress.ts'
import { SERVICE_NAMES, type ServiceName } from '../stack/service.ts'
import { status } from '../stack/status.ts'
import { up } from '../stack/up.ts'
import { externalServices, localServices, readSettings, stackContext } from './settings.ts'

const contextHere = () => stackContext(readSettings(process.env), process.env)

export const upCommand = (): Command =>
  new Command('up')
    .description('Start the local engines, the tracker and the shipper; builds the engines the first time.')
    .addHelpText(
      'after',
      '\nExample:\n  $ vigie up\n  $ KAFKA_BROKERS=kafka:9092 vigie up     everything but Kafka\n\nWhatever the environment points elsewhere (KAFKA_BROKERS, LOKI_URL, AWS_…) is not started.',
    )
    .action(async () => {
      const progress = createProgress()
      try {
        await up(contextHere(), localServices(process.env), progress, stopSignal())
      } finally {
        progress.close()
      }
      process.stderr.write(
        'Up. `vigie replay` sends logs, `vigie status` shows the parts, `vigie down` stops them.\n',
      )
    })

export const downCommand = (): Command =>
  new Command('down')
    .description('Stop everything that `vigie up` started.')
    .option('--volumes', 'also delete the data, the logs and the credentials')
    .addHelpText('after', '\nExample:\n  $ vigie down --volumes')
    .action(async ({ volumes = false }: { volumes?: boolean }) => {
      const progress = createProgress()
      const stopped = await down(contextHere(), volumes, progress).finally(() => progress.close())
      const what = stopped.length === 0 ? 'Nothing was running.' : 'Down.'
      process.stderr.write(`${what}${volumes ? ' The data is deleted.' : ''}\n`)
    })

export const statusCommand = (): Command =>
  new Command('status')
    .description(
      'Show every part: whether it is ready, and where it is. Exit 1 when one that should run is not ready.',
    )
    .option('--json', 'print one JSON array')
    .addHelpText('after', '\nExample:\n  $ vigie status --json')
    .action(async ({ json }: { json?: boolean }) => {
      const external = externalServices(process.env)
      const all = (await status(contextHere())).filter(
        ({ name, state }) => state !== 'stopped' || !external.has(name),
      )
      if (all.some(({ state }) => state !== 'ready')) process.exitCode = 1
      if (json) return void process.stdout.write(`${JSON.stringify(all)}\n`)
      const rows = all.map(({ name, state, pid, address, waitsFor }) => {
        const mark = state === 'ready' ? '✔' : state === 'stopped' ? '·' : '✘'
        const where = pid === undefined ? '' : `pid ${pid}`
        return ` ${mark} ${name.padEnd(8)} ${state.padEnd(10)} ${where.padEnd(12)} ${address}${waitsFor === undefined ? '' : `   (${waitsFor})`}`
      })
      for (const [name, variable] of external)
        rows.push(` → ${name.padEnd(8)} elsewhere   set by ${variable}`)
      process.stdout.write(`${rows.join('\n')}\n`)
    })

export const logsCommand = (): Command =>
  new Command('logs')
    .description("Show the logs of the stack's parts.")
    .argument('[service]', `which one: ${SERVICE_NAMES.join(', ')}; all when left out`)
    .option('-f, --follow', 'go on as they grow, until Ctrl-C')
    .option('-n, --lines <lines>', 'how many of the last lines', '50')
    .addHelpText('after', '\nExample:\n  $ vigie logs shipper -f')
    .action(async (service: string | undefined, { follow, lines }: { follow?: boolean; lines: string }) => {
      if (service !== undefined && !(SERVICE_NAMES as readonly string[]).includes(service))
        throw vigieError('USAGE', {
          problem: `There is no service ${service}. There are ${SERVICE_NAMES.join(', ')}.`,
        })
      const { home } = contextHere()
      const names = service === undefined ? SERVICE_NAMES : [service as ServiceName]
      const files = names.map(home.logFile).filter((file) => existsSync(file))
      if (files.length === 0)
        throw vigieError('USAGE', { problem: 'There are no logs yet: nothing was started.' })
      await tail(files, lines, follow === true)
    })

/** tail(1) follows files well, also when they are replaced; it shares our terminal and its Ctrl-C. */
async function tail(files: string[], lines: string, follow: boolean): Promise<void> {
  const args = ['-n', lines, ...(follow ? ['-F'] : []), ...files]
  const child = spawn('tail', args, { stdio: ['ignore', 'inherit', 'inherit'] })
  process.on('SIGINT', () => undefined)
  await new Promise((resolve, reject) => {
    child.once('close', resolve)
    child.once('error', reject)
  })
}
