import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { reasonOf, vigieError } from '../service/errors.ts'
import { optionalText } from '../service/settings.ts'

/** Where Loki is and how to speak to it. */
export const lokiSettings = z.object({
  LOKI_URL: z
    .url({ protocol: /^https?$/, error: 'an http:// or https:// address' })
    .default('http://127.0.0.1:3100')
    .transform((url) => url.replace(/\/+$/, '').replace(/\/loki\/api\/v1\/push$/, ''))
    .describe('address of Loki'),
  LOKI_TENANT_ID: optionalText.describe('tenant, sent as X-Scope-OrgID'),
  LOKI_USERNAME: optionalText.describe('user name for basic authentication'),
  LOKI_PASSWORD: optionalText.describe('password for basic authentication').meta({ secret: true }),
  LOKI_BEARER_TOKEN: optionalText.describe('bearer token').meta({ secret: true }),
  LOKI_CA: optionalText.describe('file of PEM certificates to trust instead of the system’s'),
})
export type LokiSettings = z.infer<typeof lokiSettings>

/** How a request to Loki is made: the headers that say who asks, and the certificates to trust. */
export type LokiAccess = { headers: Record<string, string>; ca: string | undefined }

/** Throws CONFIG_INVALID when two ways to log in are configured at once, or LOKI_CA cannot be read. */
export const lokiAccess = (settings: LokiSettings): LokiAccess => ({
  headers: lokiHeaders(settings),
  ca: settings.LOKI_CA === undefined ? undefined : certificates(settings.LOKI_CA),
})

const read = new Map<string, string>()
function certificates(file: string): string {
  const known = read.get(file)
  if (known !== undefined) return known
  try {
    const content = readFileSync(file, 'utf8')
    read.set(file, content)
    return content
  } catch (error) {
    throw vigieError('CONFIG_INVALID', { problems: `  LOKI_CA = "${file}": ${reasonOf(error)}` })
  }
}

/** The headers that say who asks. Throws CONFIG_INVALID when two ways are configured at once. */
export function lokiHeaders(settings: LokiSettings): Record<string, string> {
  const { LOKI_TENANT_ID, LOKI_USERNAME, LOKI_PASSWORD, LOKI_BEARER_TOKEN } = settings
  if (LOKI_BEARER_TOKEN !== undefined && LOKI_USERNAME !== undefined)
    throw vigieError('CONFIG_INVALID', {
      problems: '  LOKI_BEARER_TOKEN = (secret): not together with LOKI_USERNAME',
    })
  const headers: Record<string, string> = {}
  if (LOKI_TENANT_ID) headers['X-Scope-OrgID'] = LOKI_TENANT_ID
  if (LOKI_BEARER_TOKEN) headers.Authorization = `Bearer ${LOKI_BEARER_TOKEN}`
  if (LOKI_USERNAME) {
    const basic = Buffer.from(`${LOKI_USERNAME}:${LOKI_PASSWORD ?? ''}`).toString('base64')
    headers.Authorization = `Basic ${basic}`
  }
  return headers
}
