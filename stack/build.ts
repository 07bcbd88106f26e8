import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { constants, setPriority } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { reasonOf, VigieError, vigieError } from '../service/errors.ts'
import { diskFullError } from './disk.ts'
import { ENGINES, type Engine, type EngineName, folderOf, installedAt, isInstalled } from './engines.ts'
import { withLock } from './lock.ts'
import { type Progress } from './progress.ts'
import { requireTools, type ToolName } from './tools.ts'

/** Another vigie may be building: that takes a minute, on a slow machine many. */
const LOCK_PATIENCE_MS = 60 * 60_000

/**
 * Makes sure that engines are in the cache; makes what is missing: those that Go builds one after the
 * other, since one build uses all cores, beside the downloads. Each is made under a temporary name and
 * renamed when whole. Throws TOOL_MISSING (all at once, before anything is built), BUILD_FAILED,
 * CHECKSUM_MISMATCH, DISK_FULL, INTERRUPTED.
 */
export async function ensureEngines(
  names: readonly EngineName[],
  progress: Progress,
  stop: AbortSignal,
): Promise<void> {
  const missing: Engine[] = []
  for (const name of names) if (!(await isInstalled(ENGINES[name]))) missing.push(ENGINES[name])
  if (missing.length === 0) return
  const tools = new Set<ToolName>(
    missing.flatMap(({ tool }) => (tool === 'mvn' ? (['java', 'mvn'] as const) : [tool])),
  )
  await requireTools([...tools])
  const failed = new AbortController()
  const ended = AbortSignal.any([stop, failed.signal])
  const inOrder = async (engines: readonly Engine[]) => {
    for (const engine of engines) await make(engine, progress, ended)
  }
  const byGo = (engine: Engine) => engine.tool === 'go'
  const chains = [missing.filter(byGo), missing.filter((engine) => !byGo(engine))]
  const results = await Promise.allSettled(
    chains.map((chain) =>
      inOrder(chain).catch((error: unknown) => {
        // Nobody waits for the others any more; they say that they were interrupted, which is not the cause.
        failed.abort()
        throw error
      }),
    ),
  )
  const causes = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
  const cause = causes.find((each) => !isInterruption(each)) ?? causes[0]
  if (cause !== undefined) throw cause
}

const isInterruption = (error: unknown): boolean =>
  error instanceof VigieError && error.code === 'INTERRUPTED'

async function make(engine: Engine, progress: Progress, stop: AbortSignal): Promise<void> {
  const target = await installedAt(engine)
  const task = `build ${engine.title}`
  progress.start(task, `version ${engine.version}, ${engine.expect} the first time`)
  try {
    mkdirSync(dirname(target), { recursive: true })
    const onWait = (pid: number) => progress.detail(task, `pid ${pid} is building it: waiting`)
    const work = () => install(engine, target, task, progress, stop)
    await withLock(`${target}.lock`, LOCK_PATIENCE_MS, onWait, work, stop)
    progress.done(task, `version ${engine.version}`)
  } catch (error) {
    progress.failed(task)
    throw diskFullError(error, target)
  }
}

async function install(
  engine: Engine,
  target: string,
  task: string,
  progress: Progress,
  stop: AbortSignal,
): Promise<void> {
  if (existsSync(target)) return // Whoever held the lock before has built it.
  const leftovers = readdirSync(dirname(target)).filter((name) =>
    join(dirname(target), name).startsWith(`${target}.tmp`),
  )
  for (const name of leftovers) rmSync(join(dirname(target), name), { recursive: true, force: true })
  const temporary = `${target}.tmp-${process.pid}`
  mkdirSync(temporary)
  try {
    if (engine.goPackages === undefined) await fetchJars(engine, temporary, stop)
    else await buildGo(engine, engine.goPackages, temporary, (text) => progress.detail(task, text), stop)
    renameSync(temporary, target)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

async function buildGo(
  engine: Engine,
  goPackages: readonly string[],
  into: string,
  tell: (text: string) => void,
  stop: AbortSignal,
): Promise<void> {
  let compiled = 0
  let downloaded = 0
  await run(
    engine,
    'go',
    [
      'build',
      '-v',
      '-trimpath',
      '-mod=readonly',
      '-ldflags',
      '-s -w',
      '-o',
      // A folder: each package becomes a program in it.
      `${into}/`,
      ...goPackages,
    ],
    { CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
    (line) => {
      if (line.startsWith('go: downloading')) tell(`${++downloaded} modules downloaded`)
      else if (!line.startsWith('go:'))
        tell(`${++compiled} packages compiled, ${engine.expect} the first time`)
    },
    stop,
  )
}

async function fetchJars(engine: Engine, into: string, stop: AbortSignal): Promise<void> {
  const libs = join(into, 'libs')
  const args = ['--batch-mode', '--quiet', 'dependency:copy-dependencies', `-DoutputDirectory=${libs}`]
  await run(engine, 'mvn', args, {}, () => undefined, stop)
  const sums = readFileSync(join(folderOf(engine.name), 'SHA256SUMS'), 'utf8')
  const expected = new Map(
    sums
      .trim()
      .split('\n')
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  )
  for (const file of new Set([...readdirSync(libs), ...expected.keys()])) {
    const path = join(libs, file)
    const actual = existsSync(path) && createHash('sha256').update(readFileSync(path)).digest('hex')
    if (actual !== expected.get(file)) throw vigieError('CHECKSUM_MISMATCH', { file, engine: engine.title })
  }
}

/** The stack that runs meanwhile goes first; the compilers that a build starts inherit this. */
function giveWay(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // It ended already.
  }
}

/** Runs a build tool in the engine's folder; its whole output goes to a log in the cache. */
async function run(
  engine: Engine,
  file: string,
  args: string[],
  env: Record<string, string>,
  onLine: (line: string) => void,
  stop: AbortSignal,
): Promise<void> {
  const log = `${await installedAt(engine)}.log`
  const failed = (problem: string) => vigieError('BUILD_FAILED', { engine: engine.title, problem, log })
  const output = createWriteStream(log)
  let last = ''
  // A group of its own, so that the compilers that `go` starts end with it.
  const child = spawn(file, args, {
    cwd: folderOf(engine.name),
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (child.pid !== undefined) giveWay(child.pid)
  const endGroup = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM')
  }
  stop.addEventListener('abort', endGroup, { once: true })
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      output.write(`${line}\n`)
      if (line.trim() !== '') last = line
      onLine(line)
    })
  }
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    }).catch((error: unknown) => {
      throw failed(reasonOf(error))
    })
    if (stop.aborted)
      throw vigieError('INTERRUPTED', {
        state: 'The build starts anew next time; nothing is left half-done.',
      })
    if (code !== 0) throw failed(last)
  } finally {
    stop.removeEventListener('abort', endGroup)
    output.end()
  }
}
