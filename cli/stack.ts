import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { identityOf } from '../loki/identity.ts'
import { vigieError } from '../service/errors.ts'
import { stopSignal } from '../service/shutdown.ts'
import { type StackEngine } from '../stack/config.ts'
import { DOCKER_FOLDER, dockerDown, dockerLogs, dockerStatus, isDockerUsed } from '../stack/docker.ts'
import { down } from '../stack/down.ts'
import { createProgress } from '../stack/progress.ts'
import { SERVICE_NAMES, type ServiceName, type StackContext } from '../stack/service.ts'
import { type ServiceStatus, status } from '../stack/status.ts'
import { up } from '../stack/up.ts'
import { withoutGo } from '../stack/without-go.ts'
import { circumstances, engineInUse, engineOption, engineToStart, startDocker } from './engine.ts'
import { externalServices, localServices, readSettings, stackContext } from './settings.ts'

type EngineChoice = { engine?: StackEngine }

const contextHere = () => stackContext(readSettings(process.env), process.env)

export const upCommand = (): Command =>
  new Command('up')
    .description(
      'Start the engines, the shipper, the tracker and the way of the alerts, with Docker or natively (built the first time).',
    )
    .addOption(engineOption())
    .addHelpText(
      'after',
      '\nExample:\n  $ vigie up\n  $ vigie up --engine docker\n  $ KAFKA_BROKERS=kafka:9092 vigie up     everything but Kafka\n\nWhatever the environment points elsewhere (KAFKA_BROKERS, LOKI_URL, SMTP_HOST, AWS_…) is not started\nnatively; the Docker stack is whole.',
    )
    .action(async ({ engine }: EngineChoice) => {
      const context = contextHere()
      const choice = await circumstances(context, externalServices(process.env), engine)
      const notice =
        (await engineToStart(choice)) === 'docker' ? await startDocker(context) : await upNatively(context)
      if (notice !== undefined) process.stderr.write(`${notice}\n`)
      process.stderr.write(
        'Up. `vigie replay` sends logs, `vigie status` shows the parts, `vigie down` stops them.\n',
      )
    })

/** Starts all that can be had here; returns what cannot and how to get it. */
async function upNatively(context: StackContext): Promise<string | undefined> {
  const progress = createProgress()
  try {
    const wanted = localServices(process.env)
    const { names: lacking, howToGetGo } = await withoutGo(wanted)
    const names = wanted.filter((name) => !lacking.has(name))
    await up(context, names, progress, stopSignal())
    return lacking.size === 0 ? undefined : `Not started: ${[...lacking].join(', ')}. ${howToGetGo}`
  } finally {
    progress.close()
  }
}

export const downCommand = (): Command =>
  new Command('down')
    .description('Stop everything that `vigie up` started.')
    .addOption(engineOption())
    .option('--volumes', 'also delete the data, the logs and the credentials')
    .addHelpText('after', '\nExample:\n  $ vigie down --volumes')
    .action(async ({ volumes = false, engine }: EngineChoice & { volumes?: boolean }) => {
      const context = contextHere()
      const forced = engine ?? context.stack.VIGIE_ENGINE
      const inDocker = forced === 'docker' || (forced === undefined && (await isDockerUsed(DOCKER_FOLDER)))
      if (inDocker) await dockerDown(DOCKER_FOLDER, volumes)
      const stopped = forced === 'docker' ? [] : await downNatively(context, volumes)
      const what = stopped.length === 0 && !inDocker ? 'Nothing was running.' : 'Down.'
      process.stderr.write(`${what}${volumes ? ' The data is deleted.' : ''}\n`)
    })

function downNatively(context: StackContext, volumes: boolean): Promise<string[]> {
  const progress = createProgress()
  return down(context, volumes, progress).finally(() => progress.close())
}

export const statusCommand = (): Command =>
  new Command('status')
    .description(
      'Show every part: whether it is ready, and where it is. Exit 1 when one that should run is not ready.',
    )
    .addOption(engineOption())
    .option('--json', 'print one JSON array')
    .addHelpText('after', '\nExample:\n  $ vigie status --json')
    .action(async ({ json, engine }: EngineChoice & { json?: boolean }) => {
      const context = contextHere()
      const inDocker = (await engineInUse(context, engine)) === 'docker'
      const external = inDocker ? new Map<ServiceName, string>() : externalServices(process.env)
      const all: Part[] = inDocker
        ? await dockerStatus(DOCKER_FOLDER)
        : (await status(context)).filter(({ name, state }) => state !== 'stopped' || !external.has(name))
      if (all.some(({ state }) => state !== 'ready')) process.exitCode = 1
      const identity = await identityOf(readSettings(process.env).loki)
      const told = all.map((part) => (part.name === 'loki' && identity ? { ...part, identity } : part))
      if (json) return void process.stdout.write(`${JSON.stringify(told)}\n`)
      const rows = told.map(rowOf)
      for (const [name, variable] of external) {
        const who = name === 'loki' && identity !== undefined ? `   ${identity}` : ''
        rows.push(` → ${name.padEnd(12)} elsewhere   set by ${variable}${who}`)
      }
      process.stdout.write(rows.length === 0 ? 'Nothing was started.\n' : `${rows.join('\n')}\n`)
    })

/** A service or a container. */
type Part = Omit<ServiceStatus, 'name'> & { name: string; identity?: string }

function rowOf({ name, state, pid, address, waitsFor, identity }: Part): string {
  const mark = state === 'ready' ? '✔' : state === 'stopped' ? '·' : '✘'
  const where = pid === undefined ? '' : `pid ${pid}`
  const why = waitsFor === undefined ? (identity === undefined ? '' : `   ${identity}`) : `   (${waitsFor})`
  return ` ${mark} ${name.padEnd(12)} ${state.padEnd(10)} ${where.padEnd(12)} ${address}${why}`
}

type LogsOptions = EngineChoice & { follow?: boolean; lines: string }

export const logsCommand = (): Command =>
  new Command('logs')
    .description("Show the logs of the stack's parts.")
    .argument('[service]', `which one: ${SERVICE_NAMES.join(', ')}, in Docker others too; all when left out`)
    .addOption(engineOption())
    .option('-f, --follow', 'go on as they grow, until Ctrl-C')
    .option('-n, --lines <lines>', 'how many of the last lines', '50')
    .addHelpText('after', '\nExample:\n  $ vigie logs shipper -f')
    .action(async (service: string | undefined, options: LogsOptions) => {
      const { follow = false, lines } = options
      const context = contextHere()
      if ((await engineInUse(context, options.engine)) === 'docker')
        return dockerLogs(DOCKER_FOLDER, service, lines, follow)
      if (service !== undefined && !(SERVICE_NAMES as readonly string[]).includes(service))
        throw vigieError('USAGE', {
          problem: `There is no service ${service}. There are ${SERVICE_NAMES.join(', ')}.`,
        })
      const { home } = context
      const names = service === undefined ? SERVICE_NAMES : [service as ServiceName]
      const files = names.map(home.logFile).filter((file) => existsSync(file))
      if (files.length === 0)
        throw vigieError('USAGE', { problem: 'There are no logs yet: nothing was started.' })
      await tail(files, lines, follow)
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
