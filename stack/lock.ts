import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { vigieError } from '../service/errors.ts'
import { isAlive, ownRef, type ProcessRef } from './process.ts'

const POLL_MS = 200

/** Who holds a lock: undefined when it was just released, `nobody` when the file is damaged. */
function holderOf(file: string): ProcessRef | undefined {
  try {
    const { pid, startedAt } = JSON.parse(readFileSync(file, 'utf8')) as Partial<ProcessRef>
    return pid === undefined || startedAt === undefined ? NOBODY : { pid, startedAt }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : NOBODY
  }
}
const NOBODY: ProcessRef = { pid: 0, startedAt: '' }

/** Takes the lock when nobody living holds it. */
function tryLock(file: string): boolean {
  const own = `${file}.${process.pid}`
  writeFileSync(own, JSON.stringify(ownRef()), { mode: 0o600 })
  try {
    linkSync(own, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const holder = holderOf(file)
    if (holder !== undefined && !isAlive(holder)) clearStale(file, `${own}.stale`)
    return false
  } finally {
    rmSync(own, { force: true })
  }
}

/**
 * Moves a dead holder's lock aside. Somebody may have taken the lock since it was read: what was
 * moved is looked at once more, and put back when its holder lives.
 */
function clearStale(file: string, aside: string): void {
  try {
    renameSync(file, aside)
  } catch {
    return // Another one was quicker.
  }
  const moved = holderOf(aside)
  if (moved !== undefined && isAlive(moved)) linkSync(aside, file)
  rmSync(aside, { force: true })
}

/**
 * Runs `work` while holding a lock file. Waits for a living holder up to `patienceMs`, telling
 * `onWait` its pid; a holder that was killed is no obstacle. Throws STACK_BUSY, and INTERRUPTED when
 * `stop` fires while it waits.
 */
export async function withLock<Result>(
  file: string,
  patienceMs: number,
  onWait: (pid: number) => void,
  work: () => Promise<Result>,
  stop?: AbortSignal,
): Promise<Result> {
  const start = Date.now()
  let told = false
  while (!tryLock(file)) {
    const holder = holderOf(file)
    if (holder !== undefined && isAlive(holder)) {
      if (!told) onWait(holder.pid)
      told = true
      const waitedMs = Date.now() - start
      if (waitedMs > patienceMs)
        throw vigieError('STACK_BUSY', { pid: holder.pid, seconds: Math.round(waitedMs / 1000) })
    }
    if (stop?.aborted) throw vigieError('INTERRUPTED', { state: 'Nothing was changed.' })
    await sleep(POLL_MS)
  }
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}
