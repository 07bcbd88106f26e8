import { memberName } from '../../logql/stages/json.ts'

/**
 * Where the labels that `json` makes of a line come from: the keys from the outermost object inwards, as they are
 * written. Empty for a line that is no JSON object.
 */
export function jsonPaths(line: string): ReadonlyMap<string, readonly string[]> {
  const paths = new Map<string, readonly string[]>()
  const value = parsed(line)
  if (isObject(value)) addPaths(paths, value, '', [])
  return paths
}

/** Deeper ones are no labels. */
const MAX_DEPTH = 100

function addPaths(
  paths: Map<string, readonly string[]>,
  object: object,
  prefix: string,
  before: readonly string[],
): void {
  for (const [key, value] of Object.entries(object)) {
    const name = memberName(prefix, key)
    const path = [...before, key]
    if (!isObject(value)) paths.set(name, path)
    else if (path.length <= MAX_DEPTH) addPaths(paths, value, name, path)
  }
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined // The stage reads some lines that are not quite JSON; their fields have no path then.
  }
}
