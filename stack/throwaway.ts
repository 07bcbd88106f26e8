import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type LokiSettings } from '../loki/config.ts'
import { isReady } from '../loki/query.ts'
import { vigieError } from '../service/errors.ts'
import { openHome } from './home.ts'
import { lokiService } from './loki.ts'
import { freePort } from './ports.ts'
import { basicsOf } from './process.ts'
import { type StackContext } from './service.ts'
import { localLoki } from './which-loki.ts'

const READY_WITHIN_MS = 60_000
const POLL_MS = 10

/** A Loki that runs in a folder of its own and knows tenants. */
export type OwnLoki = {
  loki: LokiSettings
  pid: number
  /** Ends it: SIGTERM lets it finish, SIGKILL does not. */
  end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<void>
}

/** A Loki of its own, empty, that knows tenants. */
export type ThrowawayLoki = { loki: LokiSettings; stop: () => Promise<void> }

/**
 * Starts a Loki on free ports over a temporary folder; `stop` ends it and deletes the folder. It has the
 * configuration of the stack's, but asks for a tenant. It also ends when this process does. Throws
 * SERVICE_DIED, SERVICE_NOT_READY, and INTERRUPTED when the signal comes before it is ready.
 */
export async function startThrowawayLoki(base: StackContext, signal: AbortSignal): Promise<ThrowawayLoki> {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-loki-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const { loki, end } = await startOwnLoki(base, folder, signal)
    process.once('exit', remove)
    const stop = async () => {
      // Nothing in it is to be kept: it need not flush.
      await end('SIGKILL')
      remove()
      process.off('exit', remove)
    }
    return { loki, stop }
  } catch (error) {
    // Otherwise the folder stays: its log says why.
    if (signal.aborted) remove()
    throw error
  }
}

/** Starts a Loki on free ports over that folder, as `startThrowawayLoki` does; the folder stays. */
export async function startOwnLoki(
  base: StackContext,
  folder: string,
  signal: AbortSignal,
): Promise<OwnLoki> {
  const [http, grpc] = [await freePort(), await freePort()]
  const context: StackContext = {
    ...base,
    home: openHome(folder),
    stack: { ...base.stack, VIGIE_LOKI_PORT: http, VIGIE_LOKI_GRPC_PORT: grpc },
  }
  await lokiService.prepare?.(context)
  const { file, args, env, cwd } = await lokiService.command(context)
  const log = join(folder, 'loki.log')
  const output = openSync(log, 'a')
  const withTenants = localLoki(context.stack).kind === 'program' ? '-auth.enabled=true' : '--auth-enabled'
  const child = spawn(file, [...args, withTenants], {
    cwd,
    env: { ...basicsOf(process.env), ...env },
    // A group of its own: Ctrl-C in a terminal is for this process, which then stops it.
    detached: true,
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  const leave = () => void child.kill('SIGKILL')
  process.once('exit', leave)
  child.once('close', () => process.off('exit', leave))
  const loki = { ...base.loki, LOKI_URL: lokiService.address(context), LOKI_TENANT_ID: 'ready' }
  try {
    await untilReady(loki, child, log, signal)
  } catch (error) {
    await ended(child, 'SIGKILL')
    throw error
  }
  return { loki, pid: child.pid ?? 0, end: (name) => ended(child, name) }
}

async function untilReady(
  loki: LokiSettings,
  child: ChildProcess,
  log: string,
  signal: AbortSignal,
): Promise<void> {
  const deadlineMs = Date.now() + READY_WITHIN_MS
  while (!(await isReady(loki))) {
    if (signal.aborted) throw vigieError('INTERRUPTED', { state: 'Loki was not started.' })
    if (child.exitCode !== null)
      throw vigieError('SERVICE_DIED', { service: 'Loki', problem: `exit code ${child.exitCode}`, log })
    if (Date.now() > deadlineMs) {
      const seconds = READY_WITHIN_MS / 1_000
      const problem = '/ready does not answer 200'
      throw vigieError('SERVICE_NOT_READY', { service: 'Loki', seconds, problem, log })
    }
    await sleep(POLL_MS)
  }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = new Promise((resolve) => child.once('close', resolve))
  child.kill(signal)
  await closed
}
