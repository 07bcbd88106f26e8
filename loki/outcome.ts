/**
 * What became of a push:
 * `stored`: all of it is in Loki; `refused`: Loki will never take (all of) it, a retry changes
 * nothing; `retry`: none of it is known to be stored, and the same push may succeed later.
 */
export type Outcome = { kind: 'stored' | 'refused' | 'retry'; reason: string; detail: string }

/** The one table of Loki's answers. `reason` is the label of the error counter. */
const BY_STATUS: Readonly<Record<number, readonly [kind: Outcome['kind'], reason: string]>> = {
  200: ['stored', 'ok'],
  204: ['stored', 'ok'],
  // A 2xx that means not stored: the tenant's ingestion is blocked.
  260: ['retry', 'ingestion_blocked'],
  400: ['refused', 'bad_request'],
  // Wrong credentials or address are mended by people, while the records wait in Kafka.
  401: ['retry', 'unauthorised'],
  403: ['retry', 'forbidden'],
  404: ['retry', 'not_found'],
  413: ['refused', 'too_large'],
  429: ['retry', 'rate_limited'],
}

/** Reads Loki's answer to a push. Pure. */
export function outcomeOf(status: number, body: string): Outcome {
  const detail = `HTTP ${status}: ${body.trim().slice(0, 300)}`
  const row = BY_STATUS[status]
  if (row !== undefined) return { kind: row[0], reason: row[1], detail }
  if (status >= 200 && status < 300) return { kind: 'stored', reason: 'ok', detail }
  if (status >= 500) return { kind: 'retry', reason: 'server_error', detail }
  return { kind: status >= 400 ? 'refused' : 'retry', reason: 'unexpected_status', detail }
}

const FIRST_DELAY_MS = 250
const LONGEST_DELAY_MS = 10_000

/**
 * How long to wait before attempt number `attempt` (1 is the first retry): doubling, from a quarter
 * of a second up to ten, less up to half of it so that several shippers do not come back at once.
 * `random` is in [0, 1). Pure.
 */
export function delayBeforeMs(attempt: number, random: number): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 10))
  return Math.round(full * (1 - random / 2))
}
