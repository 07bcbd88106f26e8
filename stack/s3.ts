import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULT_LOGS_URI } from '../log/names.ts'
import { vigieError } from '../service/errors.ts'
import { PROJECT_ROOT } from './config.ts'
import { diskFullError } from './disk.ts'
import { programOf } from './engines.ts'
import { type Home, writePrivately } from './home.ts'
import { type Service, type StackContext } from './service.ts'

const credentialsFile = (home: Home): string => join(home.path, 's3.env')
/** The sample, which is in S3 under the user's own bucket and key. */
export const SAMPLE_FILE = join(PROJECT_ROOT, 'producer', 'sample', 'logs.json')

const [BUCKET = ''] = DEFAULT_LOGS_URI.slice('s3://'.length).split('/')

/** Loaded when S3 is started here: the SDK is large. */
const sdk = () => import('../producer/s3.ts')

const SETTING = /^(AWS_\w+)=(\S+)$/gm

/** Made at random the first time, and kept in a file that a shell can source. */
function credentials(home: Home): Record<string, string> {
  const file = credentialsFile(home)
  if (!existsSync(file)) {
    const made = [
      `AWS_ACCESS_KEY_ID=vigie${randomBytes(6).toString('hex')}`,
      `AWS_SECRET_ACCESS_KEY=${randomBytes(24).toString('hex')}`,
      'AWS_REGION=us-east-1',
    ]
    writePrivately(file, `${made.join('\n')}\n`)
  }
  return Object.fromEntries(
    [...readFileSync(file, 'utf8').matchAll(SETTING)].map(([, name, value]) => [name, value]),
  )
}

/** The AWS SDK's environment for the local S3 server. */
export function localS3Env({ home, stack }: Pick<StackContext, 'home' | 'stack'>): Record<string, string> {
  return { ...credentials(home), AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${stack.VIGIE_S3_PORT}` }
}

/** Puts the sample at an S3 URI, unless an object is there already. Throws USAGE for another URI, and S3_*. */
export async function putSample(uri: string, env: NodeJS.ProcessEnv): Promise<'created' | 'kept'> {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.*[^/])$/is.exec(uri) ?? []
  if (bucket === undefined || key === undefined)
    throw vigieError('USAGE', { problem: `${uri} is no place for the sample: it must be s3://bucket/key.` })
  const { ensureObject, s3Client } = await sdk()
  const sample = readFileSync(SAMPLE_FILE)
  return ensureObject(s3Client(env), bucket, key, sample)
}

/** versitygw, an S3 server over a folder; it is given the sample under the user's own bucket and key. */
export const s3Service: Service = {
  name: 's3',
  title: 'S3 (versitygw)',
  engine: 'versitygw',
  configFiles: [],
  runsOn: [],
  after: [],
  ports: ({ stack }) => [{ port: stack.VIGIE_S3_PORT, setting: 'VIGIE_S3_PORT' }],
  address: ({ stack }) => `http://127.0.0.1:${stack.VIGIE_S3_PORT}`,
  async prepare(context) {
    try {
      mkdirSync(join(context.home.data('s3'), 'objects'), { recursive: true })
    } catch (error) {
      throw diskFullError(error, context.home.data('s3'))
    }
  },
  async command(context) {
    const env = localS3Env(context)
    const root = context.home.data('s3')
    return {
      file: await programOf('versitygw'),
      args: ['--port', `127.0.0.1:${context.stack.VIGIE_S3_PORT}`, '--quiet', 'posix', join(root, 'objects')],
      // In the environment, not among the arguments, which any user of the machine can list.
      env: {
        ROOT_ACCESS_KEY_ID: env.AWS_ACCESS_KEY_ID ?? '',
        ROOT_SECRET_ACCESS_KEY: env.AWS_SECRET_ACCESS_KEY ?? '',
      },
      cwd: root,
    }
  },
  async waitsFor(context) {
    const { bucketAnswers, s3Client } = await sdk()
    return (await bucketAnswers(s3Client(localS3Env(context)), BUCKET))
      ? undefined
      : 'HeadBucket does not answer yet'
  },
  async finish(context) {
    await putSample(DEFAULT_LOGS_URI, localS3Env(context))
  },
  readyWithinMs: 30_000,
  endsWithinMs: 10_000,
}
