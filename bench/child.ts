import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { vigieError } from '../service/errors.ts'
import { PROJECT_ROOT } from '../stack/config.ts'

/** A program of ours that runs beside this process. */
export type Child = {
  pid: number
  /** Resolves with what of the program's output matches, once some does. Throws BENCH_FAILED when it ends before. */
  said: (pattern: RegExp) => Promise<string>
  /** Rejects with BENCH_FAILED when the program ends by itself. */
  ended: Promise<never>
  /** Ends it and waits until it has. */
  stop: () => Promise<void>
}

/** How much of what a program wrote is kept: its last words say why it ended. */
const KEPT_CHARACTERS = 100_000

/**
 * Starts a script of the project in a process of its own. It ends with this one; Ctrl-C in a terminal is
 * for this one alone.
 */
export function startChild(
  script: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  nodeFlags: readonly string[] = [],
): Child {
  const child = spawn(process.execPath, [...nodeFlags, join(PROJECT_ROOT, script), ...args], {
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const leave = () => void child.kill('SIGKILL')
  process.once('exit', leave)
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => {
      process.off('exit', leave)
      resolve()
    })
  })
  let output = ''
  const waiting = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT_CHARACTERS)
      for (const look of waiting) look()
    })
  const ended = closed.then((): never => {
    const problem = `${script} ended early: ${lastLine(output) ?? `exit code ${child.exitCode}`}`
    throw vigieError('BENCH_FAILED', { problem })
  })
  ended.catch(() => undefined)
  const heard = (pattern: RegExp) =>
    new Promise<string>((resolve) => {
      const look = () => {
        const [match] = pattern.exec(output) ?? []
        if (match === undefined) return
        waiting.delete(look)
        resolve(match)
      }
      waiting.add(look)
      look()
    })
  return {
    pid: child.pid ?? 0,
    said: (pattern) => Promise.race([heard(pattern), ended]),
    ended,
    stop: () => stopped(child, closed),
  }
}

const GRACE_MS = 20_000

async function stopped(child: ChildProcess, closed: Promise<void>): Promise<void> {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
  await closed
  clearTimeout(timer)
}

const lastLine = (text: string): string | undefined =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .at(-1)
