import { execFileSync } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { reasonOf, vigieError } from '../service/errors.ts'
import { type StackSettings } from './config.ts'
import { isAtLeast } from './tools.ts'

/** What answers as Loki on this machine: a program that was found, or the embedded store. */
export type LocalLoki = { kind: 'program'; path: string; version: string } | { kind: 'embedded' }

/** The oldest whose structured metadata, limits and answers are those that Vigie counts on. */
export const OLDEST_LOKI = '3.4'
/** `loki -version` answers within 0.1 s; one that does not is no Loki. */
const VERSION_WITHIN_MS = 10_000

const NO_LOKI = 'it is no Grafana Loki'

/** The first file of that name on PATH that may be run. */
function onPath(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return statSync(file).isFile()
      } catch {
        return false // Not there, or not for us.
      }
    })
}

/** The version of a program that says it is Loki; others have that name, too (a tool of genetics, for one). */
function versionOf(file: string): string {
  // Loki 3 prints it on stdout, older ones on stderr.
  const output = execFileSync(file, ['-version'], {
    encoding: 'utf8',
    timeout: VERSION_WITHIN_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const version = /^loki, version v?(\d+\.\d+(?:\.\d+)?)/m.exec(output)?.[1]
  if (version === undefined) throw new Error(NO_LOKI)
  return version
}

/**
 * Which Loki runs here: VIGIE_LOKI_PROGRAM, else a `loki` on PATH that is new enough, else the embedded
 * store; the latter always when VIGIE_LOKI says so. Throws CONFIG_INVALID when VIGIE_LOKI_PROGRAM is no
 * Loki, or too old.
 */
export function localLoki(
  { VIGIE_LOKI, VIGIE_LOKI_PROGRAM: named }: Pick<StackSettings, 'VIGIE_LOKI' | 'VIGIE_LOKI_PROGRAM'>,
  path = process.env.PATH ?? '',
): LocalLoki {
  if (VIGIE_LOKI === 'embedded') return { kind: 'embedded' }
  const file = named ?? onPath('loki', path)
  if (file === undefined) return { kind: 'embedded' }
  const [version, problem] = probe(file)
  if (version !== undefined) return { kind: 'program', path: file, version }
  if (named === undefined) return { kind: 'embedded' }
  throw vigieError('CONFIG_INVALID', {
    problems: `  VIGIE_LOKI_PROGRAM = "${named}": ${problem}; allowed is a \`loki\` program, ${OLDEST_LOKI} or newer`,
  })
}

type Probed = [version: string] | [version: undefined, problem: string]
/** A program is asked once. */
const probed = new Map<string, Probed>()

function probe(file: string): Probed {
  const known = probed.get(file) ?? asked(file)
  probed.set(file, known)
  return known
}

function asked(file: string): Probed {
  try {
    const version = versionOf(file)
    return isAtLeast(version, OLDEST_LOKI) ? [version] : [undefined, `version ${version} is too old`]
  } catch (error) {
    return [undefined, problemOf(error)]
  }
}

/** Why a program gave no version: it did not run, or it ran and is something else. */
const problemOf = (error: unknown): string =>
  error instanceof Error && 'code' in error
    ? `it cannot be run (${String(error.code)})`
    : error instanceof Error && 'status' in error
      ? NO_LOKI
      : reasonOf(error)
