import { randomBytes } from 'node:crypto'
import { closeSync, fdatasync, ftruncateSync, openSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { reasonOf, vigieError } from '../../service/errors.ts'
import { appendAll, diskError, syncFolderSoon } from './disk.ts'
import { hasRecordAfter, payloadAt, RECORD_HEADER_BYTES } from './log-record.ts'

/** A file of the log, open for writing. `size` ends its last whole record; what is before `syncedSize` is on the disk. */
export type LogFile = {
  file: string
  number: number
  fd: number
  size: number
  salt: number
  syncedSize: number
  isSyncing: boolean
  isClosed: boolean
}

const MAGIC = Buffer.from('VigieLg1')
const HEADER_BYTES = MAGIC.length + 4

/** Where the log of that number is. */
export const logPath = (folder: string, number: number): string =>
  join(folder, `log-${String(number).padStart(8, '0')}`)

/** Begins a log. Throws DISK_FULL or PATH_NOT_WRITABLE. */
export function createLog(folder: string, number: number): LogFile {
  const file = logPath(folder, number)
  const fd = openForWriting(file, 'w')
  try {
    return start(file, number, fd)
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function openForWriting(file: string, flags: string): number {
  try {
    return openSync(file, flags, 0o600)
  } catch (error) {
    throw diskError(error, file)
  }
}

function start(file: string, number: number, fd: number): LogFile {
  const salt = randomBytes(4)
  appendAll(fd, file, Buffer.concat([MAGIC, salt]), 0)
  return opened(file, number, fd, HEADER_BYTES, salt.readUInt32LE())
}

const opened = (file: string, number: number, fd: number, size: number, salt: number): LogFile => ({
  file,
  number,
  fd,
  size,
  salt,
  syncedSize: 0,
  isSyncing: false,
  isClosed: false,
})

/** Adds a record, whole or not at all. Throws DISK_FULL or PATH_NOT_WRITABLE. */
export function writeRecord(log: LogFile, record: Buffer): void {
  appendAll(log.fd, log.file, record, log.size)
  log.size += record.length
}

/**
 * Has the system bring what was written so far to the disk, while other work goes on. The first time that
 * includes the file's name. A failure goes to `onNotice`.
 */
export function syncLog(log: LogFile, onNotice: (message: string) => void): void {
  if (log.isSyncing || log.syncedSize === log.size) return
  const { size } = log
  log.isSyncing = true
  const done = (error: Error | null) => {
    log.isSyncing = false
    if (error === null) log.syncedSize = size
    else onNotice(`${log.file} could not be forced to the disk: ${reasonOf(error)}`)
    if (log.isClosed) closeSync(log.fd)
  }
  fdatasync(log.fd, (error) => {
    if (error !== null || log.syncedSize > 0) done(error)
    else syncFolderSoon(dirname(log.file), done)
  })
}

/** Closes the log, now or when it is on the disk. */
export function closeLog(log: LogFile): void {
  if (!log.isClosed && !log.isSyncing) closeSync(log.fd)
  log.isClosed = true
}

/** Closes and deletes the log. */
export function removeLog(log: LogFile): void {
  closeLog(log)
  rmSync(log.file, { force: true })
}

/**
 * Opens a log that was left and reads its records. What a killed process left half written at its end is cut,
 * which `onNotice` is told. Throws STORE_DAMAGED when records follow one that is damaged.
 */
export function openLog(
  folder: string,
  number: number,
  onNotice: (message: string) => void,
): { log: LogFile; payloads: Buffer[] } {
  const file = logPath(folder, number)
  const fd = openForWriting(file, 'r+')
  try {
    const bytes = readFileSync(file)
    if (bytes.length < HEADER_BYTES) return { log: start(file, number, fd), payloads: [] }
    if (!bytes.subarray(0, MAGIC.length).equals(MAGIC))
      throw vigieError('STORE_DAMAGED', { file, offset: 0, problem: 'not a log that this version reads' })
    const salt = bytes.readUInt32LE(MAGIC.length)
    const { payloads, end } = recordsIn(file, bytes, salt)
    if (end < bytes.length) {
      ftruncateSync(fd, end)
      onNotice(
        `${file} ended in a push that was not finished: its last ${bytes.length - end} bytes were cut.`,
      )
    }
    return { log: opened(file, number, fd, end, salt), payloads }
  } catch (error) {
    closeSync(fd)
    throw diskError(error, file)
  }
}

/** What the whole records hold, and where the last of them ends. */
function recordsIn(file: string, bytes: Buffer, salt: number): { payloads: Buffer[]; end: number } {
  const payloads: Buffer[] = []
  let end = HEADER_BYTES
  for (;;) {
    const payload = payloadAt(bytes, end, salt)
    if (payload === undefined) break
    payloads.push(payload)
    end += RECORD_HEADER_BYTES + payload.length
  }
  if (hasRecordAfter(bytes, end, salt))
    throw vigieError('STORE_DAMAGED', { file, offset: end, problem: 'a push does not match its checksum' })
  return { payloads, end }
}
