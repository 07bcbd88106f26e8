import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { PROJECT_ROOT } from './config.ts'
import { find, type ToolName } from './tools.ts'

/** An engine that is built or fetched once and then kept in the cache. */
export type EngineName = 'alertmanager' | 'kafka' | 'versitygw' | 'docker-check'
export type Engine = {
  name: EngineName
  title: string
  version: string
  /** The tool that makes it; its version is part of the cache key. */
  tool: ToolName
  /** Files that pin what is made, relative to `folder`. */
  pins: string[]
  /** Go: the packages to build; each becomes a program of its last element's name. */
  goPackages?: readonly string[]
  /** No part of the stack: only the tests build it. */
  isForTests?: true
  /** How long the first time takes on 2 cores, for the reader of the progress list. */
  expect: string
}

export const ENGINES: Readonly<Record<EngineName, Engine>> = {
  alertmanager: {
    name: 'alertmanager',
    title: 'Alertmanager',
    // Newer ones lack the built page.
    version: '0.28.1',
    tool: 'go',
    pins: ['go.mod', 'go.sum'],
    goPackages: [
      'github.com/prometheus/alertmanager/cmd/alertmanager',
      'github.com/prometheus/alertmanager/cmd/amtool',
    ],
    expect: 'about 1 min',
  },
  kafka: {
    name: 'kafka',
    title: 'Kafka',
    version: '4.1.0',
    tool: 'mvn',
    pins: ['pom.xml', 'SHA256SUMS'],
    expect: 'about 10 s',
  },
  versitygw: {
    name: 'versitygw',
    title: 'versitygw (S3)',
    version: '1.8.0',
    tool: 'go',
    pins: ['go.mod', 'go.sum'],
    goPackages: ['github.com/versity/versitygw/cmd/versitygw'],
    expect: 'about 1 min',
  },
  'docker-check': {
    name: 'docker-check',
    title: 'checker of the Docker files',
    version: '2.16.2',
    tool: 'go',
    pins: ['go.mod', 'go.sum', 'main.go'],
    goPackages: ['.'],
    isForTests: true,
    expect: 'about 1 min',
  },
}

/** Where an engine's pins lie. */
export const folderOf = (name: EngineName): string => join(PROJECT_ROOT, 'stack', 'engines', name)

export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_CACHE_HOME ? env.XDG_CACHE_HOME : join(homedir(), '.cache')
  return join(base, 'vigie', 'engines')
}

/**
 * The folder of a built engine: named by its version and by a hash of everything that decides what
 * is built (its pins, the toolchain's version, the platform). Kafka's jars are the same whichever
 * Maven fetches them.
 */
export async function installedAt(engine: Engine): Promise<string> {
  const hash = createHash('sha256')
  for (const pin of engine.pins) hash.update(readFileSync(join(folderOf(engine.name), pin)))
  if (engine.tool === 'go') {
    hash.update(`${process.platform}-${process.arch}`)
    hash.update(await cachedGoVersion())
  }
  return join(cacheRoot(), `${engine.name}-${engine.version}-${hash.digest('hex').slice(0, 12)}`)
}

let goVersion: Promise<string> | undefined
/** Without Go an engine that was built before can still be used: any build of the same pins will do. */
function cachedGoVersion(): Promise<string> {
  goVersion ??= find('go').then(({ version }) => version ?? 'none')
  return goVersion
}

export const isInstalled = async (engine: Engine): Promise<boolean> => existsSync(await installedAt(engine))

/** A built program of an engine: the one that has its name, unless another is named. */
export const programOf = async (
  engine: Exclude<EngineName, 'kafka'>,
  program = engine as string,
): Promise<string> => join(await installedAt(ENGINES[engine]), program)

/** Kafka's class path. */
export const kafkaClassPath = async (): Promise<string> => join(await installedAt(ENGINES.kafka), 'libs', '*')
