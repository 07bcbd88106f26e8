import { execFileSync, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process that cannot be mistaken for a later one with the same pid. */
export type ProcessRef = { pid: number; startedAt: string }

/** When a living process started, in the system's own words; undefined when there is none. */
export function startOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      // The command in parentheses may hold anything; fields are counted after its last parenthesis.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return fields[0] === 'Z' ? undefined : fields[19]
    } catch {
      return undefined // No such process.
    }
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined
  } catch {
    return undefined // ps fails when there is no such process.
  }
}

export const isAlive = ({ pid, startedAt }: ProcessRef): boolean => startOf(pid) === startedAt

/** This process. */
export const ownRef = (): ProcessRef => ({ pid: process.pid, startedAt: startOf(process.pid) ?? '' })

export type Command = { file: string; args: string[]; env: Record<string, string>; cwd?: string }

/** What any program may need to know; the rest, secrets above all, is not for engines to inherit. */
const BASICS = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'JAVA_HOME']

/** The part of an environment that an engine inherits. */
export const basicsOf = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(BASICS.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])))

/**
 * Starts a process that outlives this one, in a process group of its own, its output appended to a
 * file; it sees `inherited` and the command's own variables. Throws the system's error when it cannot be
 * started.
 */
export async function spawnDetached(
  command: Command,
  logFile: string,
  inherited: NodeJS.ProcessEnv,
): Promise<ProcessRef> {
  const log = openSync(logFile, 'a', 0o600)
  try {
    const child = spawn(command.file, command.args, {
      cwd: command.cwd,
      env: { ...inherited, ...command.env },
      detached: true,
      stdio: ['ignore', log, log],
    })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    child.unref()
    const pid = child.pid ?? 0
    return { pid, startedAt: startOf(pid) ?? '' }
  } finally {
    closeSync(log)
  }
}

const POLL_MS = 50

/** Waits until a condition holds; false when the deadline came first. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  deadlineMs: number,
): Promise<boolean> {
  const end = Date.now() + deadlineMs
  while (!(await condition())) {
    if (Date.now() > end) return false
    await sleep(POLL_MS)
  }
  return true
}

/** Asks a process to end, and ends it after `graceMs`. True when it went by itself. */
export async function terminate(ref: ProcessRef, graceMs: number): Promise<boolean> {
  if (!isAlive(ref)) return true
  process.kill(ref.pid, 'SIGTERM')
  if (await eventually(() => !isAlive(ref), graceMs)) return true
  if (isAlive(ref)) process.kill(ref.pid, 'SIGKILL')
  await eventually(() => !isAlive(ref), 5_000)
  return false
}
