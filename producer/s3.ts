import { type Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3'
import { reasonOf, VigieError, vigieError } from '../service/errors.ts'

const CONNECTION_TIMEOUT_MS = 3_000
/** A server that has gone silent is given up after this; the reading then resumes where it stood. */
const SILENCE_TIMEOUT_MS = 30_000
/** Attempts of the SDK for one request, unless AWS_MAX_ATTEMPTS says otherwise; its own default. */
const REQUEST_ATTEMPTS = 3
/** Attempts in a row that bring no byte before a reading is given up, and the first wait between two. */
const READ_ATTEMPTS = 5
const FIRST_WAIT_MS = 200

const endpointIn = (env: NodeJS.ProcessEnv): string | undefined =>
  env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || undefined
const regionIn = (env: NodeJS.ProcessEnv): string | undefined =>
  env.AWS_REGION || env.AWS_DEFAULT_REGION || undefined

/** Where S3 is, as messages name it: the custom endpoint, or Amazon's with its region. */
export const endpointOf = (env: NodeJS.ProcessEnv): string =>
  endpointIn(env) ?? `https://s3.${regionIn(env) ?? 'us-east-1'}.amazonaws.com`

/**
 * A client with the endpoint, region and static credentials of `env`; what `env` lacks comes from
 * the SDK's own chain (profiles, web identity, instance role…). A custom endpoint is addressed by
 * path, since most servers other than Amazon's have no host name per bucket.
 */
export function s3Client(env: NodeJS.ProcessEnv): S3Client {
  // A multi-line warning about the future of Node 20 is nothing that the reader of our output can act on.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  const endpoint = endpointIn(env)
  const region = regionIn(env) ?? (endpoint === undefined ? undefined : 'us-east-1')
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = env
  const credentials = { accessKeyId: id ?? '', secretAccessKey: secret ?? '' }
  return new S3Client({
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(region === undefined ? {} : { region }),
    ...(id && secret ? { credentials: { ...credentials, ...(token ? { sessionToken: token } : {}) } } : {}),
    followRegionRedirects: true,
    maxAttempts: Number(env.AWS_MAX_ATTEMPTS) || REQUEST_ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS, socketTimeout: SILENCE_TIMEOUT_MS },
  })
}

/** What a request was about; `position` is the byte that a reading stood at. */
type Subject = { endpoint: string; bucket: string; uri: string; position?: number }

type SdkError = Error & { code?: string; $metadata?: { httpStatusCode?: number } }

const UNREACHABLE = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['ETIMEDOUT', 'EPIPE', 'TimeoutError'],
])
const DENIED = new Set(['AccessDenied', 'InvalidAccessKeyId', 'SignatureDoesNotMatch', 'XAdminUserNotFound'])

const statusOf = (error: unknown): number | undefined => (error as SdkError).$metadata?.httpStatusCode

/** The error of Vigie's table that an error of the SDK stands for. */
export function s3Error(error: unknown, { endpoint, bucket, uri, position = 0 }: Subject): VigieError {
  if (error instanceof VigieError) return error
  const { name, code } = error as SdkError
  const status = statusOf(error)
  const problem = [...new Set([name, reasonOf(error)])].filter((part) => part && part !== 'Error').join(': ')
  if (name === 'NoSuchBucket') return vigieError('S3_BUCKET_MISSING', { bucket, endpoint }, error)
  // By name first: versitygw answers an unknown access key with 404 and a name of its own.
  if (DENIED.has(name) || status === 401 || status === 403)
    return vigieError('S3_ACCESS_DENIED', { endpoint, uri, problem }, error)
  if (status === 404) return vigieError('S3_KEY_MISSING', { uri, endpoint }, error)
  if (status === 412) return vigieError('S3_OBJECT_CHANGED', { uri, position }, error)
  if (name === 'CredentialsProviderError') return vigieError('S3_CREDENTIALS_MISSING', { uri }, error)
  if (/region is missing/i.test(problem))
    return vigieError(
      'CONFIG_INVALID',
      { problems: '  AWS_REGION = not set: the region of the bucket' },
      error,
    )
  if (UNREACHABLE.has(name) || UNREACHABLE.has(code ?? ''))
    return vigieError('S3_UNREACHABLE', { endpoint, problem }, error)
  return vigieError('S3_FAILED', { endpoint, uri, problem }, error)
}

/**
 * The keys of the objects below a prefix, sorted, without the empty objects that stand for folders.
 * Throws S3_KEY_MISSING when there are none, and the other S3_* errors.
 */
export async function keysBelow(
  client: S3Client,
  endpoint: string,
  bucket: string,
  prefix: string,
): Promise<string[]> {
  const uri = `s3://${bucket}/${prefix}`
  const keys: string[] = []
  try {
    for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
      for (const { Key: key, Size: sizeBytes } of page.Contents ?? [])
        if (key !== undefined && !(key.endsWith('/') && !sizeBytes)) keys.push(key)
    }
  } catch (error) {
    throw s3Error(error, { endpoint, bucket, uri })
  }
  if (keys.length === 0) throw vigieError('S3_KEY_MISSING', { uri, endpoint })
  return keys.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}

/**
 * One object, each `open()` reading it from the start. A reading that breaks off resumes where it
 * stood, up to 5 times in a row without a byte, waiting 200 ms and then twice as long each time.
 *
 * All readings see the same object: one that has another ETag than the first throws
 * S3_OBJECT_CHANGED. Other errors are S3_*; those of the very first request are not retried here.
 */
export function s3Object(
  client: S3Client,
  endpoint: string,
  bucket: string,
  key: string,
  wait: (delayMs: number) => Promise<unknown> = sleep,
): { uri: string; open: () => AsyncIterable<Uint8Array> } {
  const uri = `s3://${bucket}/${key}`
  let etag: string | undefined

  const request = async (position: number): Promise<{ body: Readable; sizeBytes: number | undefined }> => {
    const answer = await client.send(
      new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(etag === undefined ? {} : { IfMatch: etag }),
        ...(position === 0 ? {} : { Range: `bytes=${position}-` }),
      }),
    )
    const body = answer.Body as Readable
    const isOther = etag !== undefined && answer.ETag !== etag
    const isElsewhere = position > 0 && !answer.ContentRange?.startsWith(`bytes ${position}-`)
    if (isOther || isElsewhere) body.destroy()
    if (isOther) throw vigieError('S3_OBJECT_CHANGED', { uri, position })
    if (isElsewhere) throw new Error(`asked for the bytes from ${position} on, it sent others`)
    etag = answer.ETag
    return { body, sizeBytes: answer.ContentLength }
  }

  async function* open(): AsyncGenerator<Uint8Array> {
    let position = 0
    let sizeBytes: number | undefined
    let isAnswered = false
    let barren = 0
    for (;;) {
      const from = position
      try {
        const answer = await request(position)
        if (!isAnswered) sizeBytes = answer.sizeBytes
        isAnswered = true
        for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
          position += chunk.length
          yield chunk
        }
        if (sizeBytes === undefined || position >= sizeBytes) return
        throw new Error(`the answer ended at byte ${position} of ${sizeBytes}`)
      } catch (error) {
        const known = s3Error(error, { endpoint, bucket, uri, position })
        barren = position > from ? 0 : barren + 1
        // At the last byte there is nothing to resume: the SDK found that the checksum is wrong.
        if (!known.canRetry || !isAnswered || position === sizeBytes || barren === READ_ATTEMPTS) throw known
        await wait(FIRST_WAIT_MS * 2 ** barren)
      }
    }
  }
  return { uri, open }
}

/**
 * Whether a server answers for this bucket at all, be it that the bucket is missing or forbidden:
 * the probe for "S3 is up".
 */
export async function bucketAnswers(client: S3Client, bucket: string): Promise<boolean> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }))
    return true
  } catch (error) {
    const status = statusOf(error)
    return status !== undefined && status < 500
  }
}

/** Runs a HEAD request; false when there is no such thing. */
async function exists(head: Promise<unknown>): Promise<boolean> {
  try {
    await head
    return true
  } catch (error) {
    if (statusOf(error) === 404) return false
    throw error
  }
}

/**
 * Puts an object there unless one is there already, which is left alone; creates the bucket if
 * need be. Throws the S3_* errors.
 */
export async function ensureObject(
  client: S3Client,
  bucket: string,
  key: string,
  body: Uint8Array,
): Promise<'created' | 'kept'> {
  try {
    if (!(await exists(client.send(new HeadBucketCommand({ Bucket: bucket })))))
      await client.send(new CreateBucketCommand({ Bucket: bucket }))
    if (await exists(client.send(new HeadObjectCommand({ Bucket: bucket, Key: key })))) return 'kept'
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }))
    return 'created'
  } catch (error) {
    const at = await client.config.endpoint?.()
    const endpoint =
      at === undefined ? 'Amazon' : `${at.protocol}//${at.hostname}${at.port ? `:${at.port}` : ''}`
    throw s3Error(error, { endpoint, bucket, uri: `s3://${bucket}/${key}` })
  }
}
