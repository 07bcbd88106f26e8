import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { vigieError } from '../service/errors.ts'

/** A program that has to be on the machine already. */
export type ToolName = 'node' | 'java' | 'mvn' | 'go'
type Tool = {
  title: string
  command: () => string
  args: string[]
  version: RegExp
  atLeast: string
  install: string
  neededFor: string
  /** What needs it is left out where it is missing. */
  isOptional?: true
}

const inHome = (variable: string, program: string) => () => {
  const home = process.env[variable]
  return home === undefined || home === '' ? program : `${home}/bin/${program}`
}

export const TOOLS: Readonly<Record<ToolName, Tool>> = {
  node: {
    title: 'Node.js',
    command: () => process.execPath,
    args: ['--version'],
    version: /v(\d+\.\d+\.\d+)/,
    atLeast: '20.19.0',
    install: 'https://nodejs.org, or your system’s packages',
    neededFor: 'Vigie itself',
  },
  java: {
    title: 'Java',
    command: inHome('JAVA_HOME', 'java'),
    args: ['-version'],
    version: /version "(\d+(?:\.\d+)*)/,
    atLeast: '17',
    install: 'apt install openjdk-17-jre-headless · brew install openjdk@17 · https://adoptium.net',
    neededFor: 'running Kafka',
  },
  mvn: {
    title: 'Maven',
    command: () => 'mvn',
    args: ['--version', '--batch-mode'],
    version: /Apache Maven (\d+\.\d+\.\d+)/,
    atLeast: '3.6.0',
    install: 'apt install maven · brew install maven · https://maven.apache.org',
    neededFor: 'fetching Kafka, once',
  },
  go: {
    title: 'Go',
    command: () => 'go',
    args: ['version'],
    version: /go(\d+\.\d+(?:\.\d+)?)/,
    atLeast: '1.26',
    install: 'https://go.dev/dl · brew install go',
    neededFor: 'building Alertmanager (mails) and versitygw (local S3), once',
    isOptional: true,
  },
}

/** What was found of a tool; `version` is undefined when it is missing. */
export type Found = { name: ToolName; version: string | undefined; ok: boolean }

/** Compares dotted versions number by number; a missing number is 0. */
export function isAtLeast(version: string, minimum: string): boolean {
  const [have, want] = [version, minimum].map((text) => text.split('.').map(Number))
  for (let index = 0; index < (want?.length ?? 0); index++) {
    const difference = (have?.[index] ?? 0) - (want?.[index] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}

export async function find(name: ToolName): Promise<Found> {
  const tool = TOOLS[name]
  try {
    const { stdout, stderr } = await promisify(execFile)(tool.command(), tool.args, { timeout: 30_000 })
    const version = tool.version.exec(stdout + stderr)?.[1]
    return { name, version, ok: version !== undefined && isAtLeast(version, tool.atLeast) }
  } catch {
    return { name, version: undefined, ok: false } // Not on the PATH, or it does not run: missing.
  }
}

/** One line: what is missing or too old, what it is for, and how to get it. */
export function missingLine({ name, version }: Found): string {
  const tool = TOOLS[name]
  const state = version === undefined ? 'not found' : `version ${version} is too old`
  return `  ${tool.title} ≥ ${tool.atLeast} (${tool.neededFor}): ${state}. Get it: ${tool.install}`
}

/** Throws TOOL_MISSING that names every missing tool at once. */
export async function requireTools(names: readonly ToolName[]): Promise<void> {
  const inOrder = (Object.keys(TOOLS) as ToolName[]).filter((name) => names.includes(name))
  const found = await Promise.all(inOrder.map(find))
  const missing = found.filter((each) => !each.ok)
  if (missing.length > 0) throw vigieError('TOOL_MISSING', { tools: missing.map(missingLine).join('\n') })
}
