import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf, vigieError } from '../service/errors.ts'
import { ensureEngines } from './build.ts'
import { PROJECT_ROOT } from './config.ts'
import { diskFullError } from './disk.ts'
import { type EngineName } from './engines.ts'
import { recordRunning, runningOf, writePrivately } from './home.ts'
import { withLock } from './lock.ts'
import { assertFree } from './ports.ts'
import { basicsOf, type Command, isAlive, spawnDetached, terminate } from './process.ts'
import { type Progress } from './progress.ts'
import { findRunning, marked } from './running.ts'
import { type Service, type ServiceName, type StackContext } from './service.ts'
import { SERVICES } from './services.ts'
import { requireTools } from './tools.ts'

const LOCK_PATIENCE_MS = 120_000
const POLL_MS = 100

/**
 * Brings services up, in the order of their needs and side by side where they have none; those that
 * run with the same settings already are left alone. Resolves when each says itself that it is ready.
 * Throws CONFIG_INVALID, CONFIG_FILE_UNREADABLE, TOOL_MISSING, BUILD_FAILED, PORT_IN_USE, SERVICE_DIED,
 * SERVICE_NOT_READY, DISK_FULL, STACK_BUSY, INTERRUPTED.
 */
export async function up(
  context: StackContext,
  names: readonly ServiceName[],
  progress: Progress,
  stop: AbortSignal,
): Promise<void> {
  const services = names.map((name) => SERVICES[name])
  // What is wrong with the settings they are made from is said before anything is built or started.
  for (const service of services) service.files?.(context)
  await ensureEngines(enginesOf(names), progress, stop)
  await requireTools([...new Set(services.flatMap(({ runsOn }) => runsOn))])
  const onWait = (pid: number) => progress.start('wait', `pid ${pid} is changing the stack`)
  const work = async () => {
    progress.done('wait')
    const ready = new Map<ServiceName, Promise<void>>()
    for (const service of services) {
      const before = service.after.flatMap((name) => ready.get(name) ?? [])
      ready.set(
        service.name,
        Promise.all(before).then(() => bringUp(context, service, progress, stop)),
      )
    }
    const results = await Promise.allSettled(ready.values())
    const failed = results.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }
  await withLock(context.home.lockFile, LOCK_PATIENCE_MS, onWait, work, stop)
}

/** The engines that these services run on. */
export const enginesOf = (names: readonly ServiceName[]): EngineName[] =>
  names.flatMap((name) => SERVICES[name].engine ?? [])

async function bringUp(
  context: StackContext,
  service: Service,
  progress: Progress,
  stop: AbortSignal,
): Promise<void> {
  if (stop.aborted) throw interrupted()
  const { home } = context
  const command = await service.command(context)
  const fingerprint = fingerprintOf(context, service, command)
  const running = findRunning(context, service)
  progress.start(service.title, running === undefined ? 'starting' : `pid ${running.pid}`)
  try {
    if (running?.fingerprint !== fingerprint) {
      if (running !== undefined) await terminate(running, service.endsWithinMs)
      await startService(context, service, command, fingerprint)
    }
    await untilReady(context, service, progress, stop)
    await service.finish?.(context)
    progress.done(service.title, service.address(context))
  } catch (error) {
    progress.failed(service.title)
    throw diskFullError(error, home.path)
  }
}

/** Whatever decides how a service behaves; a hash, so that no secret is written down. */
function fingerprintOf(context: StackContext, service: Service, command: Command): string {
  const own = isOurs(service) ? [context.kafka, context.loki, context.shipper, context.tracker] : []
  const files = service.configFiles.map((file) => readFileSync(join(PROJECT_ROOT, file), 'utf8'))
  return createHash('sha256')
    .update(JSON.stringify([command, own, files, service.files?.(context)]))
    .digest('hex')
    .slice(0, 16)
}

/** One of our own commands, which reads its settings from the environment itself. */
const isOurs = ({ engine, seesOwnVariablesOnly }: Service): boolean =>
  engine === undefined && seesOwnVariablesOnly !== true

async function startService(
  context: StackContext,
  service: Service,
  command: Command,
  fingerprint: string,
): Promise<void> {
  for (const { port, setting } of service.ports(context)) await assertFree(port, service.title, setting)
  await service.prepare?.(context)
  for (const [path, content] of Object.entries(service.files?.(context) ?? {})) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writePrivately(path, content)
  }
  const inherited = isOurs(service) ? context.env : basicsOf(context.env)
  const log = context.home.logFile(service.name)
  const ref = await spawnDetached(marked(command, context, service), log, inherited)
  recordRunning(context.home, service.name, { ...ref, fingerprint, upSince: new Date().toISOString() })
}

async function untilReady(
  context: StackContext,
  service: Service,
  progress: Progress,
  stop: AbortSignal,
): Promise<void> {
  const running = runningOf(context.home, service.name)
  const log = context.home.logFile(service.name)
  const deadline = Date.now() + service.readyWithinMs
  for (;;) {
    const waitingFor = await service.waitsFor(context)
    if (waitingFor === undefined) return
    if (running === undefined || !isAlive(running))
      throw vigieError('SERVICE_DIED', { service: service.title, problem: lastLine(log), log })
    if (stop.aborted) throw interrupted()
    if (Date.now() > deadline) {
      const seconds = service.readyWithinMs / 1000
      throw vigieError('SERVICE_NOT_READY', { service: service.title, seconds, problem: waitingFor, log })
    }
    progress.detail(service.title, waitingFor)
    await sleep(POLL_MS)
  }
}

const interrupted = () =>
  vigieError('INTERRUPTED', { state: 'What had started goes on running: `vigie down` stops it.' })

function lastLine(file: string): string {
  try {
    const line = readFileSync(file, 'utf8').trim().split('\n').at(-1)
    return (line ?? 'it wrote nothing').slice(0, 500)
  } catch (error) {
    return reasonOf(error)
  }
}
