import { z } from 'zod'
import { EMBEDDED_SERVICE } from '../log/names.ts'
import { type LokiSettings, lokiAccess } from './config.ts'
import { exchange } from './http.ts'

const TIMEOUT_MS = 5_000

const buildInfo = z.object({ version: z.string() })

/** Who answers as Loki there: `Loki 3.7.6` or `embedded store`; undefined when it does not say. Never throws. */
export async function identityOf(settings: LokiSettings): Promise<string | undefined> {
  const get = async (path: string) => {
    const request = { method: 'GET', url: `${settings.LOKI_URL}${path}`, timeoutMs: TIMEOUT_MS } as const
    return exchange({ ...request, ...lokiAccess(settings) })
  }
  try {
    if ((await get('/services')).body.includes(EMBEDDED_SERVICE)) return 'embedded store'
    return `Loki ${buildInfo.parse(JSON.parse((await get('/loki/api/v1/status/buildinfo')).body)).version}`
  } catch {
    return undefined // It does not tell, or does not answer at all: others say that better.
  }
}
