import { type Backoff, pauseAfter } from '../service/backoff.ts'

/**
 * What has to be sent again after a push:
 * `nothing`: all of it is stored; `all`: none of it is; `missing`: some of it may be, so Loki is asked
 * what it has; `apart`: some of it was refused, so Loki is asked and each stream sent on its own, and what
 * a stream sent on its own is still missing is refused for good; `halves`: it was too large as a whole.
 */
export type Resend = 'nothing' | 'all' | 'missing' | 'apart' | 'halves'

type Row = {
  resend: Resend
  /** Whether the same entries may be taken later. */
  canRetry: boolean
  /** Whether Loki may still be storing it when the answer is here, or fails to come. */
  mayStillArrive: boolean
  says: string
}
const row = (resend: Resend, canRetry: boolean, mayStillArrive: boolean, says: string): Row => ({
  resend,
  canRetry,
  mayStillArrive,
  says,
})

/** The one table of what can become of a push. The names are the label `reason` of metrics and headers. */
export const OUTCOMES = {
  stored: row('nothing', false, false, 'Loki has all of it (200, 204)'),
  not_sent: row('all', true, false, 'the connection failed before the whole request was sent'),
  unknown: row('missing', true, true, 'the connection broke, or the time was up, before the answer'),
  server_error: row('missing', true, true, 'Loki failed (5xx, 408): each stream may be stored or not'),
  unexpected_status: row('missing', true, true, 'an answer that Loki does not give'),
  ingestion_blocked: row('all', true, false, 'ingestion is blocked for the tenant (260)'),
  unauthorised: row('all', true, false, 'wrong or missing credentials (401)'),
  forbidden: row('all', true, false, 'the credentials may not write (403)'),
  not_found: row('all', true, false, 'no push API at that address (3xx, 404, 405)'),
  rate_limited: row('all', true, false, 'the tenant sends too much (429): nothing of it is stored'),
  stream_limited: row(
    'missing',
    true,
    false,
    'a stream, or a new one, is over its limit (429): others are stored',
  ),
  bad_request: row(
    'apart',
    false,
    false,
    'Loki refuses entries or labels (400, other 4xx): others are stored',
  ),
  too_large: row('halves', false, false, 'the request is too large for Loki, or what stands before it (413)'),
} as const satisfies Record<string, Row>
export type OutcomeName = keyof typeof OUTCOMES

/** What became of a push, with Loki's words. */
export type Outcome = { name: OutcomeName; detail: string }

const BY_STATUS: Readonly<Record<number, OutcomeName>> = {
  200: 'stored',
  204: 'stored',
  260: 'ingestion_blocked',
  401: 'unauthorised',
  403: 'forbidden',
  404: 'not_found',
  405: 'not_found',
  408: 'server_error',
  413: 'too_large',
}

/** Loki's words for a tenant over its rate (pkg/validation/validate.go); any other 429 is about streams. */
const TENANT_RATE = /ingestion rate limit exceeded for user/i
/** A push of several streams returns the last one's error only, so that a 400 may speak of a rate. */
const STREAM_RATE = /per stream rate limit exceeded/i
const DETAIL_CHARACTERS = 600

/** Reads Loki's answer to a push. Pure. */
export function outcomeOf(status: number, body: string): Outcome {
  return { name: nameOf(status, body), detail: `HTTP ${status}: ${body.trim().slice(0, DETAIL_CHARACTERS)}` }
}

function nameOf(status: number, body: string): OutcomeName {
  const name = BY_STATUS[status]
  if (name !== undefined) return name
  if (status === 429) return TENANT_RATE.test(body) ? 'rate_limited' : 'stream_limited'
  if (status >= 500) return 'server_error'
  if (status >= 400) return STREAM_RATE.test(body) ? 'stream_limited' : 'bad_request'
  return status >= 300 ? 'not_found' : 'unexpected_status'
}

const DELAYS_MS: Backoff = { first: 250, longest: 10_000 }

/**
 * How long to wait before attempt number `attempt` (1 is the first retry): doubling, from a quarter
 * of a second up to ten, less up to half of it so that several shippers do not come back at once.
 * `random` is in [0, 1). Pure.
 */
export function delayBeforeMs(attempt: number, random: number): number {
  return Math.round(pauseAfter(DELAYS_MS, attempt) * (1 - random / 2))
}
