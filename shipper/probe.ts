import { type LokiSettings, lokiAccess } from '../loki/config.ts'
import { exchange } from '../loki/http.ts'
import { reasonOf } from '../service/errors.ts'

/** As often as people who look at /readyz would like to know. */
const EVERY_MS = 5_000
const TIMEOUT_MS = 3_000

/**
 * Tells every few seconds why Loki cannot be reached, undefined when it can: a shipper without anything to ship
 * would not notice. Any answer counts, since a gateway need not know /ready. Returns what ends it.
 */
export function probeLoki(loki: LokiSettings, onResult: (problem: string | undefined) => void): () => void {
  const probe = async (): Promise<void> => {
    try {
      const url = `${loki.LOKI_URL}/ready`
      await exchange({ method: 'GET', url, ...lokiAccess(loki), timeoutMs: TIMEOUT_MS })
      onResult(undefined)
    } catch (error) {
      onResult(reasonOf(error))
    }
  }
  const timer = setInterval(() => void probe(), EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}
