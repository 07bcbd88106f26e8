import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { vigieError } from '../../service/errors.ts'
import { diskError } from './disk.ts'

/** A process that cannot be mistaken for a later one with the same pid, where /proc tells when it started. */
type Holder = { pid: number; startedAt: string }

/** How often a lock that disappears or changes hands while it is looked at is tried again. */
const TRIES = 5

/**
 * Takes the lock of a folder, from a dead holder if need be, and returns what gives it back. Throws
 * STORE_IN_USE while a living process (also this one) holds it. Processes in other containers are not seen.
 */
export function takeLock(folder: string): () => void {
  const file = join(folder, 'lock')
  const own = `${file}.${process.pid}`
  for (let tries = 0; tries < TRIES; tries++) {
    if (tryLock(file, own)) return () => rmSync(file, { force: true })
    const holder = holderOf(file)
    if (holder !== undefined && isAlive(holder)) throw vigieError('STORE_IN_USE', { folder, pid: holder.pid })
    clearStale(file, `${own}.stale`)
  }
  throw vigieError('STORE_IN_USE', { folder, pid: holderOf(file)?.pid ?? 0 })
}

function tryLock(file: string, own: string): boolean {
  try {
    writeFileSync(own, JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) }), { mode: 0o600 })
    linkSync(own, file)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw diskError(error, file)
  } finally {
    rmSync(own, { force: true })
  }
}

/** Undefined when the lock was just given back; nobody living when the file is damaged. */
function holderOf(file: string): Holder | undefined {
  try {
    const { pid, startedAt } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Holder>
    return { pid: pid ?? 0, startedAt: startedAt ?? '' }
  } catch (error) {
    return hasCode(error, 'ENOENT') ? undefined : { pid: 0, startedAt: '' }
  }
}

/** Moves a dead holder's lock aside; puts it back when somebody living had taken it in between. */
function clearStale(file: string, aside: string): void {
  try {
    renameSync(file, aside)
    const moved = holderOf(aside)
    if (moved !== undefined && isAlive(moved)) linkSync(aside, file)
  } catch (error) {
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'EEXIST')) throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

function isAlive({ pid, startedAt }: Holder): boolean {
  if (pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!hasCode(error, 'EPERM')) return false
  }
  const start = startOf(pid)
  return start === '' || start === startedAt
}

/** When a process started, in the kernel's words; '' where that is not told, `dead` for one not yet reaped. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command in parentheses may hold anything; fields are counted after its last parenthesis.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? 'dead' : (fields[19] ?? '')
  } catch {
    return ''
  }
}

const hasCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code
