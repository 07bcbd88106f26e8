import {
  close,
  closeSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  open,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { reasonOf, vigieError } from '../../service/errors.ts'

/** No space, no quota left, or a file that may not grow further. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** What a failed write to `path` is to the user: DISK_FULL or PATH_NOT_WRITABLE; what is not the system's stays. */
export function diskError(error: unknown, path: string): unknown {
  const { syscall, code } = error as NodeJS.ErrnoException
  if (syscall === undefined || code === undefined) return error
  return FULL.has(code)
    ? vigieError('DISK_FULL', { path }, error)
    : vigieError('PATH_NOT_WRITABLE', { path, problem: reasonOf(error) }, error)
}

/**
 * Writes all of the bytes at a position; the system may take fewer at a time. When it throws, some of them
 * may be there.
 */
export function writeAll(fd: number, bytes: Buffer, position: number): void {
  let written = 0
  while (written < bytes.length)
    written += writeSync(fd, bytes, written, bytes.length - written, position + written)
}

/**
 * Writes all of the bytes at the end of a file of that size, or throws and leaves the file as it was. Throws
 * DISK_FULL or PATH_NOT_WRITABLE.
 */
export function appendAll(fd: number, file: string, bytes: Buffer, size: number): void {
  try {
    writeAll(fd, bytes, size)
  } catch (error) {
    ftruncateSync(fd, size)
    throw diskError(error, file)
  }
}

/** Reads `length` bytes at a position; fewer when the file ends before. */
export function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let done = 0
  while (done < length) {
    const read = readSync(fd, bytes, done, length - done, position + done)
    if (read === 0) break
    done += read
  }
  return bytes.subarray(0, done)
}

/** Makes what was created, renamed and deleted in a folder last through a power failure. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Does what `syncFolder` does while other work goes on, then calls back. */
export function syncFolderSoon(folder: string, done: (error: Error | null) => void): void {
  open(folder, 'r', (error, fd) => {
    if (error !== null) done(error)
    else fsync(fd, (error) => close(fd, (closing) => done(error ?? closing)))
  })
}
