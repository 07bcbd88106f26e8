/** What is left of a rate: a bucket that fills with time, up to its burst. Bytes, and ms since 1970. */
export type Bucket = { bytes: number; atMs: number }
export type Rate = { bytesPerSecond: number; burstBytes: number }

export const fullBucket = ({ burstBytes }: Rate, nowMs: number): Bucket => ({
  bytes: burstBytes,
  atMs: nowMs,
})

/** Takes so many bytes if all of them are there; changes the bucket. More than the burst are never there. */
export function takeBytes(bucket: Bucket, bytes: number, rate: Rate, nowMs: number): boolean {
  const filled = bucket.bytes + (Math.max(0, nowMs - bucket.atMs) / 1_000) * rate.bytesPerSecond
  bucket.bytes = Math.min(rate.burstBytes, filled)
  bucket.atMs = nowMs
  if (bytes > bucket.bytes) return false
  bucket.bytes -= bytes
  return true
}

/** Beyond so many streams, the rates of all are forgotten. */
const MAX_BUCKETS = 50_000

/** The bucket of that name, a full one when it is new. */
export function bucketOf(buckets: Map<string, Bucket>, key: string, rate: Rate, nowMs: number): Bucket {
  const known = buckets.get(key)
  if (known !== undefined) return known
  if (buckets.size >= MAX_BUCKETS) buckets.clear()
  const bucket = fullBucket(rate, nowMs)
  buckets.set(key, bucket)
  return bucket
}
