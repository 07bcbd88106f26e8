import { LogqlError } from '../error.ts'

/** A step into a JSON value: a member's name or the index of an array's item. */
type Step = string | number

/** Nobody writes longer paths; the search along a path recurses as deeply as the path is long. */
const MAX_STEPS = 100
const STEP = /\.?([A-Za-z_][A-Za-z0-9_]*)|\[(\d{1,9})\]|\["((?:[^"\\]|\\.)*)"\]/y

/** The steps of a path such as `a.b[0]["c d"]`. Throws LogqlError (`parse`). */
export function parsePath(path: string): readonly Step[] {
  const refuse = (at: number): never => {
    throw new LogqlError(
      'parse',
      `cannot parse the path "${path}" at character ${at + 1}: expected a name, an index in [ ] or a quoted name in [ ]`,
    )
  }
  const steps: Step[] = []
  let at = 0
  while (at < path.length || at === 0) {
    STEP.lastIndex = at
    const [whole = '', name, index, quoted] = STEP.exec(path) ?? []
    const isDotted = whole.startsWith('.')
    if (whole === '' || steps.length === MAX_STEPS) return refuse(at)
    if (name !== undefined && isDotted !== at > 0) return refuse(at)
    steps.push(name ?? (index === undefined ? (quoted ?? '').replace(/\\(.)/g, '$1') : Number(index)))
    at += whole.length
  }
  return steps
}

/** Paths as a tree: which extractions end at a value, and which go on into its members and items. */
export type PathNode = {
  extractions: number[]
  names: string[]
  members: PathNode[]
  items: Map<number, PathNode>
  /**
   * From a place where a member begins, sticky: all members that no path goes to, as long as their keys have
   * no escapes and their values are texts without escapes, numbers, booleans or nulls; then, if it comes, the
   * key of one that a path goes to, with its colon. Matches always, perhaps nothing.
   */
  passing: RegExp
}

const newNode = (): PathNode => ({
  extractions: [],
  names: [],
  members: [],
  items: new Map(),
  passing: passing([]),
})

/** No part of it can match in two ways, so that it takes linear time. */
function passing(names: readonly string[]): RegExp {
  const wanted = names.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')
  const text = `"[^"\\\\]*"`
  const value = `(?:${text}|[-0-9][-+.0-9eE]*|true|false|null)`
  const space = '[ \\n\\r\\t]*'
  const others = `(?:(?!"(?:${wanted})")${text}${space}:${space}${value}${space},${space})*`
  return new RegExp(`${others}(?:"(?:${wanted})"${space}:${space})?`, 'y')
}

/** The tree of these paths; extraction `i` is the one of path `i`. Throws LogqlError (`parse`). */
export function pathTree(paths: readonly string[]): PathNode {
  const root = newNode()
  paths.forEach((path, extraction) => {
    let node = root
    for (const step of parsePath(path)) node = child(node, step)
    node.extractions.push(extraction)
  })
  return root
}

function child(node: PathNode, step: Step): PathNode {
  const known = typeof step === 'number' ? node.items.get(step) : node.members[node.names.indexOf(step)]
  if (known !== undefined) return known
  const added = newNode()
  if (typeof step === 'number') node.items.set(step, added)
  else {
    node.names.push(step)
    node.members.push(added)
    node.passing = passing(node.names)
  }
  return added
}
