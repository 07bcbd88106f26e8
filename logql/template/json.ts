import { anyMap, listOf, type Value } from './value.ts'

/** How deep values may nest. Go reads 10,000 levels; nobody logs so many. */
const MAX_DEPTH = 500

/** JSON as Go's `json.Unmarshal` reads it into anything; null for invalid JSON. Pure. */
export function fromJson(text: string): Value {
  try {
    return fromParsed(JSON.parse(text), 0)
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return null
    throw error
  }
}

function fromParsed(value: unknown, depth: number): Value {
  if (depth > MAX_DEPTH) throw new RangeError('JSON is nested too deep')
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value
    throw new RangeError('a number of the JSON is too large')
  }
  if (Array.isArray(value)) return listOf(value.map((item) => fromParsed(item, depth + 1)))
  if (typeof value !== 'object' || value === null) return null
  const entries = Object.entries(value).map(([key, item]) => [key, fromParsed(item, depth + 1)] as const)
  return anyMap(new Map(entries))
}
