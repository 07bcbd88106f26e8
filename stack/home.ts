import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { vigieError } from '../service/errors.ts'
import { diskFullError } from './disk.ts'
import { isAlive } from './process.ts'

/**
 * A service that was started: its process, and what it was started with. The fingerprint changes when
 * the settings do: a service with another one has to be started anew.
 */
const runningSchema = z.object({
  pid: z.int().positive(),
  startedAt: z.string().min(1),
  fingerprint: z.string(),
  upSince: z.string(),
})
export type Running = z.infer<typeof runningSchema>

/** The folder of the stack: data, logs, and one record per running service. */
export type Home = {
  path: string
  logFile: (service: string) => string
  data: (service: string) => string
  lockFile: string
}

/** Kafka sets 10 MB aside for each index of a topic it makes, and Loki's log of writes grows at once. */
const LEAST_FREE_BYTES = 100_000_000

/** Makes the folder. Throws DISK_FULL or PATH_NOT_WRITABLE. */
export function openHome(path: string): Home {
  try {
    for (const part of ['run', 'logs', 'data']) mkdirSync(join(path, part), { recursive: true, mode: 0o700 })
    const probe = join(path, 'run', `.probe-${process.pid}`)
    writeFileSync(probe, 'x')
    rmSync(probe)
    const { bavail, bsize } = statfsSync(path)
    if (bavail * bsize < LEAST_FREE_BYTES) throw vigieError('DISK_FULL', { path })
  } catch (error) {
    throw diskFullError(error, path)
  }
  return {
    path,
    logFile: (service) => join(path, 'logs', `${service}.log`),
    data: (service) => join(path, 'data', service),
    lockFile: join(path, 'run', 'lock'),
  }
}

const recordFile = (home: Home, service: string): string => join(home.path, 'run', `${service}.json`)

/** Writes a file whole or not at all, readable by its owner only. */
export function writePrivately(path: string, content: string): void {
  try {
    writeFileSync(`${path}.tmp`, content, { mode: 0o600 })
    chmodSync(`${path}.tmp`, 0o600)
    renameSync(`${path}.tmp`, path)
  } catch (error) {
    throw diskFullError(error, path)
  }
}

export const recordRunning = (home: Home, service: string, running: Running): void =>
  writePrivately(recordFile(home, service), JSON.stringify(running))

/** The record of a service, whether it still runs or not. */
export function recordOf(home: Home, service: string): Running | undefined {
  const file = recordFile(home, service)
  if (!existsSync(file)) return undefined
  try {
    return runningSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined // Damaged by a full disk or by hand: as good as none; the port tells who runs.
  }
}

export function runningOf(home: Home, service: string): Running | undefined {
  const record = recordOf(home, service)
  return record !== undefined && isAlive(record) ? record : undefined
}

export const forgetRunning = (home: Home, service: string): void =>
  rmSync(recordFile(home, service), { force: true })
