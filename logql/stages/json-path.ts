import { LogqlError } from '../error.ts'

/** A step into a JSON value: a member's name or the index of an array's item. */
type Step = string | number

/** Paths as long as this are no longer written by people; the walk along a path nests as deeply. */
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
}

const newNode = (): PathNode => ({ extractions: [], names: [], members: [], items: new Map() })

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
  }
  return added
}
