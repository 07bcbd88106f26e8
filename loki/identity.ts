import { z } from 'zod'
import { EMBEDDED_BRANCH } from '../log/names.ts'
import { type LokiSettings, lokiAccess } from './config.ts'
import { exchange } from './http.ts'

const TIMEOUT_MS = 5_000

const buildInfo = z.object({ version: z.string(), branch: z.string().default('') })

/** Who answers as Loki there: `Loki 3.7.6` or `embedded store`; undefined when it does not say. Never throws. */
export async function identityOf(settings: LokiSettings): Promise<string | undefined> {
  try {
    const url = `${settings.LOKI_URL}/loki/api/v1/status/buildinfo`
    const request = { method: 'GET', url, ...lokiAccess(settings), timeoutMs: TIMEOUT_MS } as const
    const { version, branch } = buildInfo.parse(JSON.parse((await exchange(request)).body))
    return branch === EMBEDDED_BRANCH ? 'embedded store' : `Loki ${version}`
  } catch {
    return undefined // It is older than that answer, or does not answer at all: others say that better.
  }
}
