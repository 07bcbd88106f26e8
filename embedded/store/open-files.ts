import { closeSync, openSync, unlinkSync } from 'node:fs'

/** Files that are open for reading, the last used last, and deleted ones that somebody may still read. */
export type OpenFiles = { open: Map<string, number>; deleted: Map<string, number> }

/** Segments that stay open. Opening and closing takes longer than reading the times of a block. */
const MAX_OPEN = 256

export const createOpenFiles = (): OpenFiles => ({ open: new Map(), deleted: new Map() })

/** The descriptor of a file to read from, valid until the next call. */
export function fileDescriptor(files: OpenFiles, file: string): number {
  const deleted = files.deleted.get(file)
  if (deleted !== undefined) return deleted
  const known = files.open.get(file)
  if (known !== undefined) {
    files.open.delete(file)
    files.open.set(file, known)
    return known
  }
  const fd = openSync(file, 'r')
  files.open.set(file, fd)
  const [oldest] = files.open
  if (oldest !== undefined && files.open.size > MAX_OPEN) {
    closeSync(oldest[1])
    files.open.delete(oldest[0])
  }
  return fd
}

/**
 * Deletes files. Queries that found them can read them until the next deletion, which gives their space back
 * to the disk; so does closing.
 */
export function deleteFiles(files: OpenFiles, paths: readonly string[]): void {
  closeAll(files.deleted)
  for (const path of paths) {
    files.deleted.set(path, fileDescriptor(files, path))
    files.open.delete(path)
    unlinkSync(path)
  }
}

/** Closes all files. */
export function closeFiles(files: OpenFiles): void {
  closeAll(files.open)
  closeAll(files.deleted)
}

function closeAll(descriptors: Map<string, number>): void {
  for (const fd of descriptors.values()) closeSync(fd)
  descriptors.clear()
}
