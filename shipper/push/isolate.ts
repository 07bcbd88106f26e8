import { type Stream, streamKey } from '../../loki/encode.ts'
import { type LokiLimits } from '../../loki/limits.ts'

/**
 * Of a push of several streams Loki tells only the last one's error (pkg/ingester/instance.go, 3.7.6), so that
 * a 204 may hide that another was refused. That can happen to a stream that may not be made, whose entries
 * are far behind its newest, or that is over its rate: such a stream is pushed on its own.
 */
export type Isolation = {
  /** Streams that may travel together, each part in a push of its own. They count as sent. */
  parts: (streams: readonly Stream[], limits: LokiLimits) => Stream[][]
}

type Known = { newestSeconds: number; sentBytes: number; atMs: number }
/** Streams are forgotten beyond so many: they are then new once more. */
const MAX_STREAMS = 50_000
/** Somebody else may write to Loki, or to a stream, too: half of a limit is taken for the limit. */
const CAUTION = 0.5

export function createIsolation(now: () => number = Date.now): Isolation {
  const known = new Map<string, Known>()
  const isAtRisk = (stream: Stream, limits: LokiLimits): boolean => {
    const { entries } = stream
    const key = streamKey(stream)
    const before = known.get(key)
    const nowMs = now()
    let bytes = 0
    for (const { line } of entries) bytes += line.byteLength
    const seconds = before === undefined ? 0 : (nowMs - before.atMs) / 1_000
    const drained = (before?.sentBytes ?? 0) - seconds * limits.streamBytesPerSecond * CAUTION
    const sentBytes = Math.max(0, drained) + bytes
    const newestSeconds = Math.max(before?.newestSeconds ?? 0, entries.at(-1)?.seconds ?? 0)
    known.set(key, { newestSeconds, sentBytes, atMs: nowMs })
    // Of a stream that is new here, Loki may have entries up to now.
    const newestMs = before === undefined ? nowMs : before.newestSeconds * 1_000
    const behindMs = newestMs - (entries[0]?.seconds ?? 0) * 1_000
    const mayBeOneTooMany = before === undefined && known.size > limits.maxStreams * CAUTION
    const isLate = behindMs > limits.outOfOrderMs * CAUTION
    return mayBeOneTooMany || isLate || sentBytes > limits.streamBurstBytes * CAUTION
  }
  return {
    parts(streams, limits) {
      if (known.size > MAX_STREAMS) known.clear()
      const together: Stream[] = []
      const alone: Stream[][] = []
      for (const stream of streams) {
        if (isAtRisk(stream, limits)) alone.push([stream])
        else together.push(stream)
      }
      return together.length === 0 ? alone : [together, ...alone]
    },
  }
}
