/** Constants of Kafka's murmur2 (org.apache.kafka.common.utils.Utils). */
const SEED = 0x9747b28c
const MULTIPLIER = 0x5bd1e995

/** Kafka's hash of a key, as a signed 32-bit integer: the same as every Java client's. */
export function murmur2(key: Uint8Array): number {
  const length = key.length
  const byte = (index: number): number => key[index] ?? 0
  let hash = SEED ^ length
  const whole = length - (length % 4)
  for (let at = 0; at < whole; at += 4) {
    let word = byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16) | (byte(at + 3) << 24)
    word = Math.imul(word, MULTIPLIER)
    word = Math.imul(word ^ (word >>> 24), MULTIPLIER)
    hash = Math.imul(hash, MULTIPLIER) ^ word
  }
  const rest = length % 4
  if (rest > 2) hash ^= byte(whole + 2) << 16
  if (rest > 1) hash ^= byte(whole + 1) << 8
  if (rest > 0) hash = Math.imul(hash ^ byte(whole), MULTIPLIER)
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER)
  return (hash ^ (hash >>> 15)) | 0
}

type Keyed = { key?: Buffer | string | null; partition?: number }

/**
 * Chooses a record's partition of so many as Kafka's own clients do: by the hash of its key, so that one source
 * stays in one partition whoever writes; in turn where there is no key.
 */
export function createPartitioner(): (record: Keyed, partitionCount: number) => number {
  const hashes = new Map<string, number>()
  let turn = 0
  return ({ key, partition }, partitionCount) => {
    if (partition !== undefined) return partition
    if (key === undefined || key === null) return turn++ % partitionCount
    return (typeof key === 'string' ? hashOf(key, hashes) : hashOfBytes(key)) % partitionCount
  }
}

const hashOfBytes = (key: Uint8Array): number => murmur2(key) & 0x7fffffff

/** Keys are the names of sources: few, and of each there are many records. */
const MAX_HASHES = 10_000

function hashOf(key: string, hashes: Map<string, number>): number {
  const known = hashes.get(key)
  if (known !== undefined) return known
  const hash = hashOfBytes(Buffer.from(key))
  if (hashes.size >= MAX_HASHES) hashes.clear()
  hashes.set(key, hash)
  return hash
}
