import { type IncomingHttpHeaders } from 'node:http'
import { Refusal } from '../refusal.ts'

/** The tenant of a store without tenants, by Loki's name. */
export const ONLY_TENANT = 'fake'

const MAX_LENGTH = 150
/** Letters, digits and these, as Loki's documentation of tenants has it. */
const ALLOWED = /^[A-Za-z0-9!_.*'()-]+$/

/**
 * Whose logs a request is about: `X-Scope-OrgID` where there are tenants. Throws Refusal: 401 without one,
 * 400 for a name that none can have.
 */
export function tenantOf(headers: IncomingHttpHeaders, hasTenants: boolean): string {
  if (!hasTenants) return ONLY_TENANT
  const header = headers['x-scope-orgid']
  const name = Array.isArray(header) ? header[0] : header
  if (name === undefined || name === '') throw new Refusal(401, 'no org id')
  if (name.length > MAX_LENGTH) throw new Refusal(400, 'tenant ID is too long: max 150 characters')
  if (name === '.' || name === '..') throw new Refusal(400, "tenant ID is '.' or '..'")
  if (ALLOWED.test(name)) return name
  const unsupported = [...name].find((character) => !ALLOWED.test(character)) ?? ''
  throw new Refusal(400, `tenant ID '${name}' contains unsupported character '${unsupported}'`)
}
