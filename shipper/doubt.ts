import { type Stream } from '../loki/encode.ts'
import { type LokiLimits } from '../loki/limits.ts'

/**
 * Knows which pushes to doubt although Loki takes them: of several streams it tells only the last one's
 * error (pkg/ingester/instance.go, 3.7.6), so that a 204 may hide that another was refused. That can be so of
 * a stream that may not be made, whose entries are far behind its newest, or that is over its rate.
 */
export type Doubt = {
  /** Whether a push of these streams is to be doubted; it counts as sent. */
  of: (streams: readonly Stream[], limits: LokiLimits) => boolean
}

type Known = { newestSeconds: number; sentBytes: number; atMs: number }
/** Streams are forgotten beyond so many: they are then doubted once more. */
const MAX_STREAMS = 50_000
/** Somebody else may write to a stream too, so half of what it takes is taken for the limit. */
const CAUTION = 0.5

export function createDoubt(now: () => number = Date.now): Doubt {
  const known = new Map<string, Known>()
  const isDoubtful = ({ labels, entries }: Stream, limits: LokiLimits): boolean => {
    const nowMs = now()
    const before = known.get(labels)
    const first = entries[0]?.seconds ?? 0
    const last = entries.at(-1)?.seconds ?? 0
    let bytes = 0
    for (const { line } of entries) bytes += line.byteLength
    const seconds = before === undefined ? 0 : (nowMs - before.atMs) / 1_000
    const drained = (before?.sentBytes ?? 0) - seconds * limits.streamBytesPerSecond * CAUTION
    const sentBytes = Math.max(0, drained) + bytes
    const newestSeconds = Math.max(before?.newestSeconds ?? 0, last)
    known.set(labels, { newestSeconds, sentBytes, atMs: nowMs })
    if (before === undefined) return true
    const isLate = (before.newestSeconds - first) * 1_000 > limits.outOfOrderMs * CAUTION
    return isLate || sentBytes > limits.streamBurstBytes * CAUTION
  }
  return {
    of(streams, limits) {
      if (known.size > MAX_STREAMS) known.clear()
      let found = false
      for (const stream of streams) if (isDoubtful(stream, limits)) found = true
      // Of a single stream the answer is its own.
      return found && streams.length > 1
    },
  }
}
