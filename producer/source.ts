import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { reasonOf, VigieError, vigieError } from '../service/errors.ts'

/**
 * One file or S3 object. Each `open()` reads it from the start, with backpressure; it is opened
 * only when the first chunk is asked for, and its errors come then: INPUT_NOT_FOUND,
 * INPUT_UNREADABLE or S3_*.
 */
export type InputObject = { uri: string; open: () => AsyncIterable<Uint8Array> }

/** Large enough that a chunk holds hundreds of logs, small enough to stay in the processor's cache. */
const CHUNK_BYTES = 262_144

/**
 * The objects that a URI stands for, in the order of their names: `s3://bucket/key`;
 * `s3://bucket/prefix/` or `s3://bucket`, every object below; a path or `file://` URL of a file, or
 * of a directory, whose files that are not hidden are meant (those of its subdirectories are not).
 *
 * S3's settings come from `env`. Throws USAGE for a URI of another form, INPUT_NOT_FOUND,
 * INPUT_UNREADABLE, INPUT_EMPTY for a directory without files, and S3_* for a prefix. Whether a
 * single S3 object exists is known only once it is read.
 */
export async function openInput(uri: string, env: NodeJS.ProcessEnv): Promise<InputObject[]> {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(uri)?.[1]?.toLowerCase()
  if (scheme === undefined) return localFiles(uri)
  if (scheme === 'file') return localFiles(pathOf(uri))
  if (scheme === 's3') return s3Objects(uri, env)
  throw vigieError('USAGE', { problem: `${uri}: only s3:// and file:// URLs and paths can be read.` })
}

/** Keys are taken as they are written: they may hold `%`, `?` and `#`, which a URL parser would change. */
async function s3Objects(uri: string, env: NodeJS.ProcessEnv): Promise<InputObject[]> {
  const [, bucket, key = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/is.exec(uri) ?? []
  if (bucket === undefined)
    throw vigieError('USAGE', {
      problem: `${uri} names no bucket. Write s3://bucket/key or s3://bucket/prefix/`,
    })
  // Loaded here: the SDK costs a local file 20 MB and a tenth of a second.
  const { endpointOf, keysBelow, s3Client, s3Object } = await import('./s3.ts')
  const client = s3Client(env)
  const endpoint = endpointOf(env)
  const isPrefix = key === '' || key.endsWith('/')
  const keys = isPrefix ? await keysBelow(client, endpoint, bucket, key) : [key]
  return keys.map((each) => s3Object(client, endpoint, bucket, each))
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url)
  } catch (error) {
    throw vigieError('USAGE', { problem: `${url}: ${reasonOf(error)}` }, error)
  }
}

async function localFiles(path: string): Promise<InputObject[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [localFile(path)]
    const names = (await readdir(path)).filter((name) => !name.startsWith('.')).sort()
    const paths = names.map((name) => join(path, name))
    const kinds = await Promise.all(paths.map((each) => stat(each)))
    const files = paths.filter((_, index) => kinds[index]?.isFile())
    if (files.length === 0) throw vigieError('INPUT_EMPTY', { uri: path })
    return files.map(localFile)
  } catch (error) {
    throw localError(error, path)
  }
}

const localFile = (path: string): InputObject => ({
  uri: path,
  async *open() {
    try {
      yield* createReadStream(path, { highWaterMark: CHUNK_BYTES })
    } catch (error) {
      throw localError(error, path)
    }
  },
})

function localError(error: unknown, path: string): VigieError {
  if (error instanceof VigieError) return error
  const { code, path: uri = path } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR') return vigieError('INPUT_NOT_FOUND', { uri }, error)
  return vigieError('INPUT_UNREADABLE', { uri, problem: reasonOf(error) }, error)
}
