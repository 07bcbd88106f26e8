import { type Dirent, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RuleGroup, readRules } from './rules.ts'

/** A group with the tenant that it belongs to; `text` changes when anything in its file does. */
export type FoundGroup = { tenant: string; text: string; group: RuleGroup }
/** What a folder of rules holds, by a name of each group, and the files that are wrong, each with its error. */
export type FoundRules = { groups: Map<string, FoundGroup>; broken: Map<string, unknown> }

const RULE_FILE = /\.ya?ml$/

/** The folders of tenants; none when there is no such folder. Throws the system's error. */
function tenantsIn(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/**
 * Reads the rule files of each tenant's folder. A file that is wrong is left out and named. Throws the
 * system's error when the folder itself cannot be read.
 */
export function readFolder(directory: string, defaultIntervalMs: number): FoundRules {
  const found: FoundRules = { groups: new Map(), broken: new Map() }
  for (const { name: tenant } of tenantsIn(directory)) {
    const files = readdirSync(join(directory, tenant)).filter((name) => RULE_FILE.test(name))
    for (const file of files.sort()) {
      const path = join(directory, tenant, file)
      try {
        const text = readFileSync(path, 'utf8')
        for (const group of readRules(file, text, defaultIntervalMs))
          found.groups.set(JSON.stringify([tenant, file, group.name]), { tenant, text, group })
      } catch (error) {
        found.broken.set(path, error)
      }
    }
  }
  return found
}
