import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { reasonOf, vigieError } from '../service/errors.ts'
import { PROJECT_ROOT } from './config.ts'
import { type ContainerStatus, containerStatuses } from './docker-status.ts'
import { writePrivately } from './home.ts'

/** The folder of compose.yaml, and of `.env`, which `docker compose` reads beside it. */
export const DOCKER_FOLDER = join(PROJECT_ROOT, 'docker')

/** A Docker that hangs is as good as none; one that works answers within tens of milliseconds. */
const ANSWER_MS = 3_000
/** Asking for containers takes `docker compose` well under a second. */
const LIST_MS = 20_000
/** Pulling the images is not counted; starting takes as long as natively, some 20 s at most. */
const READY_SECONDS = 300

/** 128 and the number of SIGINT: how a program that Ctrl-C ended says so. */
const INTERRUPTED_CODE = 130

const SECRETS = ['VIGIE_S3_ACCESS_KEY_ID', 'VIGIE_S3_SECRET_ACCESS_KEY', 'GRAFANA_ADMIN_PASSWORD'] as const

/** Runs `docker` and hands back what it wrote. The environment is named for the tests, whose own differs. */
const ask = (args: readonly string[], timeout: number) =>
  promisify(execFile)('docker', args, { env: process.env, timeout })
const envFile = (folder: string): string => join(folder, '.env')

/**
 * The arguments of `docker` for a command of `docker compose` on our stack. All but `up` mean what runs
 * once as well (the profile `replay`). Pure.
 */
export function composeArgs(folder: string, command: string, ...args: readonly string[]): string[] {
  const files = ['--file', join(folder, 'compose.yaml'), '--env-file', envFile(folder)]
  const profile = command === 'up' ? [] : ['--profile', 'replay']
  return ['compose', ...files, ...profile, command, ...args]
}

/**
 * Why Docker cannot be used here; undefined when it can: an engine answers, and `docker compose` is
 * there. A client without an engine is no Docker.
 */
export async function dockerProblem(): Promise<string | undefined> {
  try {
    await ask(['info', '--format', '{{.ServerVersion}}'], ANSWER_MS)
    await ask(['compose', 'version'], ANSWER_MS)
    return undefined
  } catch (error) {
    const { code, killed, stderr } = error as NodeJS.ErrnoException & { killed?: boolean; stderr?: string }
    if (code === 'ENOENT') return 'there is no docker program'
    if (killed === true) return `no answer within ${ANSWER_MS / 1000} s`
    return stderr?.trim().split('\n').at(-1) || reasonOf(error)
  }
}

/** Writes random secrets to `.env`, readable by its owner only, unless the file is there already. */
export function ensureSecrets(folder: string): void {
  if (existsSync(envFile(folder))) return
  const lines = [
    '# Made by `vigie up`, once. Other variables of compose.yaml may be set here as well.',
    ...SECRETS.map((name) => `${name}=${randomBytes(24).toString('hex')}`),
  ]
  writePrivately(envFile(folder), `${lines.join('\n')}\n`)
}

const SETTING = /^(\w+)=(.*)$/gm

/** The AWS SDK's environment for the S3 server in Docker, as `.env` has it. */
export function dockerS3Env(folder: string, port: number): Record<string, string> {
  const settings = new Map(
    [...readFileSync(envFile(folder), 'utf8').matchAll(SETTING)].map(([, name, value]) => [name, value]),
  )
  return {
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: settings.get('VIGIE_S3_ACCESS_KEY_ID') ?? '',
    AWS_SECRET_ACCESS_KEY: settings.get('VIGIE_S3_SECRET_ACCESS_KEY') ?? '',
  }
}

/** Whether the stack was ever started in Docker here, and Docker can be asked about it. */
export const isDockerUsed = async (folder: string): Promise<boolean> =>
  existsSync(envFile(folder)) && (await dockerProblem()) === undefined

/** What has to be there for `docker compose` to work on our stack. Throws DOCKER_MISSING, DISK_FULL. */
async function prepare(folder: string): Promise<void> {
  const problem = await dockerProblem()
  if (problem !== undefined) throw vigieError('DOCKER_MISSING', { problem })
  ensureSecrets(folder)
}

/** Runs `docker compose` on our terminal. */
async function compose(folder: string, command: string, args: readonly string[]): Promise<void> {
  await prepare(folder)
  const all = composeArgs(folder, command, ...args)
  const child = spawn('docker', all, { env: process.env, stdio: ['ignore', 'inherit', 'inherit'] })
  // Ctrl-C reaches it, too, and is its own affair: it ends cleanly, and we after it.
  const onInterrupt = () => undefined
  process.on('SIGINT', onInterrupt)
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (...ended) => resolve(ended))
  }).finally(() => process.off('SIGINT', onInterrupt))
  if (code === 0) return
  const isInterrupted = code === INTERRUPTED_CODE || signal === 'SIGINT'
  if (isInterrupted && command === 'logs') return
  if (isInterrupted)
    throw vigieError('INTERRUPTED', { state: 'What had started goes on running: `vigie down` stops it.' })
  throw vigieError('DOCKER_FAILED', { command, problem: code === null ? `${signal}` : `exit code ${code}` })
}

/** What `docker compose ps` writes. Throws DOCKER_FAILED. */
async function listed(folder: string, ...args: readonly string[]): Promise<string> {
  try {
    return (await ask(composeArgs(folder, 'ps', ...args), LIST_MS)).stdout
  } catch (error) {
    throw vigieError('DOCKER_FAILED', { command: 'ps', problem: reasonOf(error) }, error)
  }
}

/** Whether any container of the stack runs. Asks Docker only where `up` has been used with it. */
export const isDockerUp = async (folder: string): Promise<boolean> =>
  (await isDockerUsed(folder)) && (await listed(folder, '--quiet', '--status', 'running')).trim() !== ''

// What follows throws DOCKER_MISSING when no engine answers, DOCKER_FAILED when `docker compose` fails, and
// DISK_FULL or PATH_NOT_WRITABLE when `.env` cannot be written.

/** The containers of the stack, stopped ones included; nothing when there are none. */
export async function dockerStatus(folder: string): Promise<ContainerStatus[]> {
  await prepare(folder)
  return containerStatuses(await listed(folder, '--all', '--format', 'json'))
}

/** Brings the stack up, and resolves when every health check passes. */
export const dockerUp = (folder: string): Promise<void> =>
  compose(folder, 'up', [
    ...['--detach', '--build', '--remove-orphans'],
    ...['--wait', '--wait-timeout', String(READY_SECONDS)],
  ])

/**
 * Stops and removes the containers, those that ran once included; with `volumes` their data, too.
 * `.env` stays.
 */
export const dockerDown = (folder: string, volumes: boolean): Promise<void> =>
  compose(folder, 'down', ['--remove-orphans', ...(volumes ? ['--volumes'] : [])])

/** Shows logs on our terminal, until Ctrl-C with `follow`. */
export const dockerLogs = (
  folder: string,
  service: string | undefined,
  lines: string,
  follow: boolean,
): Promise<void> =>
  compose(folder, 'logs', [
    '--tail',
    lines,
    ...(follow ? ['--follow'] : []),
    ...(service === undefined ? [] : [service]),
  ])
