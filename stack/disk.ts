import { type VigieError, vigieError } from '../service/errors.ts'

/** DISK_FULL or PATH_NOT_WRITABLE for what the system says of a write below `path`; other errors stay. */
export function diskFullError(error: unknown, path: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if ((error as VigieError).name === 'VigieError') return error
  if (code === 'ENOSPC' || code === 'EDQUOT' || /no space left/i.test(message ?? ''))
    return vigieError('DISK_FULL', { path }, error)
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM' || code === 'ENOTDIR')
    return vigieError('PATH_NOT_WRITABLE', { path, problem: message }, error)
  return error
}
