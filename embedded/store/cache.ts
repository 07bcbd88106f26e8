/** The values that were asked for lately, up to a number of bytes. */
export type Cache<Value> = {
  limitBytes: number
  /** How many keys are remembered that were asked for once: a query over more blocks than that keeps none. */
  maxOnce: number
  usedBytes: number
  /** In the order of their last use. */
  kept: Map<number, Kept<Value>>
  /** Keys that were asked for once, the last ones last. */
  once: Set<number>
}
type Kept<Value> = { value: Value | undefined; bytes: number }

/** An empty cache. */
export const createCache = <Value>(limitBytes: number, maxOnce: number): Cache<Value> => ({
  limitBytes,
  maxOnce,
  usedBytes: 0,
  kept: new Map(),
  once: new Set(),
})

/**
 * The value kept under a key, or the one that `make` makes; `bytesOf` says how much memory it takes. A value
 * is kept when it is asked for again soon. So a query that reads a lot once neither drives out what
 * others need nor makes the garbage collector move what it reads: that took twice as long.
 */
export function cached<Value>(
  cache: Cache<Value>,
  key: number,
  make: () => Value,
  bytesOf: (value: Value) => number,
): Value {
  const known = cache.kept.get(key)
  if (known?.value !== undefined) {
    cache.kept.delete(key)
    cache.kept.set(key, known)
    return known.value
  }
  const value = make()
  if (cache.once.delete(key)) keep(cache, key, value, bytesOf(value))
  else askedOnce(cache, key)
  return value
}

function keep<Value>(cache: Cache<Value>, key: number, value: Value, bytes: number): void {
  cache.kept.set(key, { value, bytes })
  cache.usedBytes += bytes
  for (const [oldest, entry] of cache.kept) {
    if (cache.usedBytes <= cache.limitBytes) return
    cache.kept.delete(oldest)
    cache.usedBytes -= entry.bytes
    // What a Map held before it was rebuilt lives until the next full collection.
    entry.value = undefined
  }
}

function askedOnce({ once, maxOnce }: Pick<Cache<unknown>, 'once' | 'maxOnce'>, key: number): void {
  once.add(key)
  const [oldest] = once
  if (oldest !== undefined && once.size > maxOnce) once.delete(oldest)
}
