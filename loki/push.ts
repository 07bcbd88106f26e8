import { compressSync } from 'snappy'
import { reasonOf } from '../service/errors.ts'
import { type LokiSettings, lokiAccess } from './config.ts'
import { encodePush, type Stream } from './encode.ts'
import { exchange, type HttpRequest } from './http.ts'
import { type Outcome, outcomeOf } from './outcome.ts'

/** A push in the form in which it can be sent any number of times. */
export type EncodedPush = { body: Buffer; uncompressedBytes: number }

/**
 * Encodes and compresses streams for Loki: protobuf in one snappy block. On the main thread, into memory that
 * Node counts: the threads' allocator kept 90 MB more, for no less CPU.
 */
export function encoded(streams: readonly Stream[]): EncodedPush {
  const message = encodePush(streams, scratch)
  const body = compressSync(message, { copyOutputData: true })
  return { body, uncompressedBytes: message.byteLength }
}

/** Larger messages, which are those of one very long line, have memory of their own. */
const SCRATCH_BYTES = 4 * 1024 * 1024
let memory = Buffer.alloc(0)
/** The same memory for each message, which is needed no longer than it takes to compress it. */
function scratch(bytes: number): Buffer {
  if (bytes > SCRATCH_BYTES) return Buffer.allocUnsafe(bytes)
  if (bytes > memory.length) memory = Buffer.allocUnsafeSlow(bytes)
  return memory.subarray(0, bytes)
}

/** What may keep a push from being sent, or break it off. */
export type PushGuard = Pick<HttpRequest, 'signal' | 'mayBeSent'>

/** Sends one push and says what became of it. Never throws: a network error is an outcome too. */
export async function push(
  settings: LokiSettings,
  body: Uint8Array,
  timeoutMs: number,
  guard: PushGuard = {},
): Promise<Outcome> {
  let wasSent = false
  const onSent = () => {
    wasSent = true
  }
  try {
    const { headers: access, ca } = lokiAccess(settings)
    const headers = { ...access, 'Content-Type': 'application/x-protobuf' }
    const url = `${settings.LOKI_URL}/loki/api/v1/push`
    const answer = await exchange({ method: 'POST', url, headers, ca, body, timeoutMs, ...guard, onSent })
    return outcomeOf(answer.status, answer.body)
  } catch (error) {
    // Loki ignores a request that is shorter than it says.
    return { name: wasSent ? 'unknown' : 'not_sent', detail: reasonOf(error) }
  }
}
