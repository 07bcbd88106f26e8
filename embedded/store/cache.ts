/** The values that were asked for lately, up to a number of bytes. */
export type Cache<Value> = {
  limitBytes: number
  usedBytes: number
  /** In the order of their last use. */
  entries: Map<number, { value: Value; bytes: number }>
}

/** An empty cache. */
export const createCache = <Value>(limitBytes: number): Cache<Value> => ({
  limitBytes,
  usedBytes: 0,
  entries: new Map(),
})

/** The value kept under a key, or the one that `make` makes; `bytesOf` says how much memory it takes. */
export function cached<Value>(
  cache: Cache<Value>,
  key: number,
  make: () => Value,
  bytesOf: (value: Value) => number,
): Value {
  const known = cache.entries.get(key)
  if (known !== undefined) {
    cache.entries.delete(key)
    cache.entries.set(key, known)
    return known.value
  }
  const value = make()
  const bytes = bytesOf(value)
  cache.entries.set(key, { value, bytes })
  cache.usedBytes += bytes
  for (const [oldest, entry] of cache.entries) {
    if (cache.usedBytes <= cache.limitBytes) break
    cache.entries.delete(oldest)
    cache.usedBytes -= entry.bytes
  }
  return value
}
