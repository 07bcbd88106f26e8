import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf, vigieError } from '../service/errors.ts'
import { type LokiSettings, lokiAccess } from './config.ts'
import { exchange } from './http.ts'

const TIMEOUT_MS = 3_000
/** A Loki that is being started anew is given a moment. */
const PAUSES_MS = [500, 1_500]

/** Resolves once anything answers at LOKI_URL: a gateway need not know what it is asked. Throws LOKI_UNREACHABLE. */
export async function requireLoki(settings: LokiSettings): Promise<void> {
  const url = `${settings.LOKI_URL}/ready`
  for (const pauseMs of [...PAUSES_MS, undefined]) {
    try {
      await exchange({ method: 'GET', url, ...lokiAccess(settings), timeoutMs: TIMEOUT_MS })
      return
    } catch (error) {
      if (pauseMs === undefined)
        throw vigieError('LOKI_UNREACHABLE', { url: settings.LOKI_URL, problem: reasonOf(error) }, error)
      await sleep(pauseMs)
    }
  }
}
