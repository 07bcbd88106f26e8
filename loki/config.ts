import { z } from 'zod'
import { vigieError } from '../service/errors.ts'
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
})
export type LokiSettings = z.infer<typeof lokiSettings>

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
